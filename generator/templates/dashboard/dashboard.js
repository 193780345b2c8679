// What pages cannot do by themselves: follow planning, fill in alarms and files, say that an approval takes a while.
"use strict";

for (const place of document.querySelectorAll("[data-follow]")) {
  const bar = place.querySelector("progress");
  const stage = place.querySelector("[data-stage]");
  const follow = async () => {
    try {
      const told = await (await fetch(place.dataset.follow)).json();
      if (told.state !== "planning") {
        location.reload();
        return;
      }
      bar.value = told.share;
      if (stage.textContent !== told.stage) stage.textContent = told.stage;
    } catch {
      stage.textContent = "covey does not answer";
    }
    setTimeout(follow, 700);
  };
  setTimeout(follow, 700);
}

for (const place of document.querySelectorAll("[data-alarms]")) {
  const wait = place.querySelector("[data-wait]");
  const table = place.querySelector("table");
  fetch(place.dataset.alarms)
    .then((answer) => answer.json())
    .then(({ failure, alarms }) => {
      for (const cells of alarms) {
        const row = table.tBodies[0].insertRow();
        cells.forEach((text, number) => {
          const cell = document.createElement(number ? "td" : "th");
          cell.textContent = text;
          row.append(cell);
        });
      }
      table.hidden = alarms.length === 0;
      wait.textContent = failure ?? (alarms.length ? `${alarms.length}, as the program makes them.` : "None.");
    })
    .catch(() => {
      wait.textContent = "covey does not answer.";
    });
}

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.disabled = true;
    button.textContent = form.dataset.busy;
  });
}

for (const place of document.querySelectorAll("[data-fill]")) {
  const input = place.querySelector("input");
  const text = place.closest("form").elements[place.dataset.fill];
  place.hidden = false;
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    const fits = file.size <= Number(place.dataset.most);
    input.setCustomValidity(fits ? "" : "This file is too large for one workload's entry.");
    input.reportValidity();
    if (fits) text.value = await file.text();
  });
}
