// Sets up the <rapi-doc> element of the page: what depends on the browser, and
// so cannot stand in docs.html.

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

// Mends the contract for RapiDoc; the file that others load stays as it is.
function prepare({ paths }) {
  for (const path of Object.values(paths)) {
    dropKey(path);
    for (const operation of Object.values(path)) {
      dropKey(operation);
      nameExamples(operation);
    }
  }
}

// The contract names x-api-key twice: as the security scheme and as a header of
// each operation. The page keeps the first, so that a key is typed once and is
// never sent twice in one header.
function dropKey(holder) {
  if (Array.isArray(holder?.parameters)) {
    const isKey = ({ name, in: place }) => place === "header" && name.toLowerCase() === "x-api-key";
    holder.parameters = holder.parameters.filter((parameter) => !isKey(parameter));
  }
}

// RapiDoc 9.3.8 takes an example that is an array for a list of examples, and
// fails on one that is null or holds null. Named examples it shows as they are.
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

// Requests go to the server that the page came from, whichever the contract names.
docs.setAttribute("server-url", location.origin);
docs.setAttribute("default-api-server", location.origin);
docs.setAttribute("spec-url", "/openapi.yaml");
