// Sets the attributes of <rapi-doc> that depend on the browser. docs.html has the
// others.

const docs = document.querySelector("rapi-doc");

const themes = {
  light: {
    "bg-color": "#ffffff",
    "text-color": "#232b36",
    "primary-color": "#1b5fc1",
    "nav-bg-color": "#f3f5f8",
    "nav-text-color": "#3a4452",
    "nav-hover-bg-color": "#e4e9f0",
    "nav-hover-text-color": "#111820",
    "nav-accent-color": "#1b5fc1",
  },
  dark: {
    "bg-color": "#171c24",
    "text-color": "#d9dee6",
    "primary-color": "#7fb0ff",
    "nav-bg-color": "#11151b",
    "nav-text-color": "#b3bcc9",
    "nav-hover-bg-color": "#222a35",
    "nav-hover-text-color": "#f2f5f9",
    "nav-accent-color": "#7fb0ff",
  },
};

const dark = matchMedia("(prefers-color-scheme: dark)");

function followTheme() {
  const theme = dark.matches ? "dark" : "light";
  docs.setAttribute("theme", theme);
  for (const [name, value] of Object.entries(themes[theme])) {
    docs.setAttribute(name, value);
  }
}

// Adapts the contract to RapiDoc, in memory. /openapi.yaml stays unchanged.
function prepare({ paths }) {
  for (const path of Object.values(paths)) {
    dropKey(path);
    for (const operation of Object.values(path)) {
      dropKey(operation);
      nameExamples(operation);
    }
  }
}

// The contract has x-api-key twice: as the security scheme and as a header of each
// operation. The page keeps the scheme only, so that a user types a key once and no
// request has it twice.
function dropKey(holder) {
  if (Array.isArray(holder?.parameters)) {
    const isKey = ({ name, in: place }) => place === "header" && name.toLowerCase() === "x-api-key";
    holder.parameters = holder.parameters.filter((parameter) => !isKey(parameter));
  }
}

// RapiDoc 9.3.8 takes an array as an example for a list of examples, and fails on an
// example that is or contains null. It shows named examples correctly.
function nameExamples(operation) {
  const bodies = [operation?.requestBody, ...Object.values(operation?.responses ?? {})];
  for (const media of bodies.flatMap((body) => Object.values(body?.content ?? {}))) {
    if (media.example !== undefined) {
      media.examples = { Example: { value: media.example } };
      delete media.example;
    }
  }
}

followTheme();
dark.addEventListener("change", followTheme);
docs.addEventListener("before-render", (event) => prepare(event.detail.spec));

// Requests go to the origin of the page, not to the servers in the contract.
docs.setAttribute("server-url", location.origin);
docs.setAttribute("default-api-server", location.origin);
docs.setAttribute("spec-url", "/openapi.yaml");
