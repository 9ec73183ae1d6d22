// The one script of the pages. Each page works without it; it only saves people a
// step.
"use strict";

// The sign-in form tells the server in which time zone to write times.
for (const field of document.querySelectorAll("input[data-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

// A field for a time zone offers those that the browser knows.
for (const field of document.querySelectorAll("input[data-suggest=zones]")) {
  const list = document.createElement("datalist");
  list.id = field.id + "-list";
  list.append(...["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])].map((zone) => new Option(zone)));
  field.after(list);
  field.setAttribute("list", list.id);
}

// A button shows what was typed for a password, until the form is sent.
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

// A new password shows which parts of the rule it meets, in place of the rule itself.
for (const field of document.querySelectorAll("input[data-guide]")) {
  const guide = document.getElementById(field.dataset.guide);
  const parts = [...guide.children].map((item) => {
    const state = document.createElement("span");
    state.className = "unseen";
    item.append(state);
    return { item, state, needs: new RegExp(item.dataset.needs, "su") };
  });
  const judge = () => {
    for (const { item, state, needs } of parts) {
      const met = needs.test(field.value);
      item.classList.toggle("met", met);
      const text = ": " + (met ? guide.dataset.met : guide.dataset.missing);
      if (state.textContent !== text) state.textContent = text; // only what changes is read out
    }
  };
  judge();
  guide.hidden = false;
  document.getElementById(field.id + "-hint").hidden = true;
  field.addEventListener("input", judge);
}

// A button copies a text that is shown once, where the browser lets it.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    document.getElementById(button.dataset.copy + "-status").textContent = button.dataset.done;
    button.textContent = button.dataset.done;
  });
}

// A form is sent once, and its button shows that something is under way: an import or
// a password hash takes its time.
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

// Who comes back to the page may send it again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// The box above a list chooses all of its rows.
for (const all of document.querySelectorAll("input[data-all]")) {
  const boxes = [...all.form.querySelectorAll(`input[name="${all.dataset.all}"]`)];
  all.closest("label").hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  all.form.addEventListener("change", () => { all.checked = boxes.every((box) => box.checked); });
}
