// The only script of the pages. Every page works without it; it saves users a step.
"use strict";

// The sign-in form sends the time zone of the browser.
for (const field of document.querySelectorAll("input[data-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

// A field for a time zone suggests the zones that the browser knows.
for (const field of document.querySelectorAll("input[data-suggest=zones]")) {
  const list = document.createElement("datalist");
  list.id = field.id + "-list";
  list.append(...["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])].map((zone) => new Option(zone)));
  field.after(list);
  field.setAttribute("list", list.id);
}

// A button reveals a typed password until the form is submitted.
for (const button of document.querySelectorAll("button[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const reveal = (shown) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", shown);
  };
  button.hidden = false;
  button.addEventListener("click", () => reveal(field.type === "password"));
  field.form.addEventListener("submit", () => reveal(false));
}

// A field for a new password shows which requirements it meets, instead of its hint.
for (const field of document.querySelectorAll("input[data-guide]")) {
  const guide = document.getElementById(field.dataset.guide);
  const parts = [...guide.children].map((item) => {
    const state = document.createElement("span");
    state.className = "unseen";
    item.append(state);
    return { item, state, needs: new RegExp(item.dataset.needs, "su") };
  });
  const check = () => {
    for (const { item, state, needs } of parts) {
      const met = needs.test(field.value);
      item.classList.toggle("met", met);
      const text = ": " + (met ? guide.dataset.met : guide.dataset.missing);
      if (state.textContent !== text) state.textContent = text; // screen readers announce only changes
    }
  };
  check();
  guide.hidden = false;
  document.getElementById(field.id + "-hint").hidden = true;
  field.addEventListener("input", check);
}

// A button copies a text that is shown once, if the browser supports it.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    document.getElementById(button.dataset.copy + "-status").textContent = button.dataset.done;
    button.textContent = button.dataset.done;
  });
}

// A form is submitted once, and its button shows that the request is pending: an import or a
// password hash takes some time.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});

// A page that is restored from the history can submit its forms again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// The checkbox above a list selects all of its rows.
for (const all of document.querySelectorAll("input[data-all]")) {
  const boxes = [...all.form.querySelectorAll(`input[name="${all.dataset.all}"]`)];
  all.closest("label").hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  all.form.addEventListener("change", () => { all.checked = boxes.every((box) => box.checked); });
}
