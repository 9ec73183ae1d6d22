// The one script of the pages. Each page works without it; it only saves people a
// step.
"use strict";

// The sign-in form tells the server in which time zone to write times.
for (const field of document.querySelectorAll("input[data-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}
