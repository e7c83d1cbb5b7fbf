// downloads.js - hands out the figures that the page holds: as JSON, and as CSV where they are rows.
(function () {
  "use strict";

  function cell(value) {
    const text = value === null ? "" : String(value);
    return /[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  function csv(table) {
    return [table.columns, ...table.rows].map((row) => row.map(cell).join(",") + "\n").join("");
  }

  function offer(place, name, text, type) {
    const link = document.createElement("a");
    link.download = name;
    link.textContent = name;
    link.href = URL.createObjectURL(new Blob([text], {type: type}));
    place.append(link, " ");
  }

  for (const place of document.querySelectorAll("[data-download]")) {
    const name = place.dataset.download, text = document.getElementById(name).textContent;
    offer(place, name + ".json", text, "application/json");
    const data = JSON.parse(text);
    if (data.rows) offer(place, name + ".csv", csv(data), "text/csv");
  }
})();
