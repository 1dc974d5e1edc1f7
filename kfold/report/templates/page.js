const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Sort the leaderboard by a column; a second click reverses the order. NaN always goes last.
const valueOf = (row, column) => row.cells[column].dataset.value;
function compare(one, other) {
  const [a, b] = [Number(one), Number(other)];
  if (!isNaN(a) && !isNaN(b)) return a - b;
  return isNaN(a) && isNaN(b) ? one.localeCompare(other) : null;
}
function sortTable(heading) {
  const column = heading.cellIndex, body = heading.closest("table").tBodies[0];
  const direction = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const rows = [...body.rows].sort((one, other) => {
    const order = compare(valueOf(one, column), valueOf(other, column));
    return order === null ? (isNaN(Number(valueOf(one, column))) ? 1 : -1) : direction * order;
  });
  body.append(...rows);
  all("th[aria-sort]", heading.parentNode).forEach((th) => th.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
}
all(".leaderboard thead button").forEach((button) => {
  button.addEventListener("click", () => sortTable(button.closest("th")));
});

// Show the faces that pass the filters, ordered by their error, or that of the chosen keypoint.
const PAGE = 28;
const filters = document.querySelector(".filters"), more = document.querySelector(".more");
const gallery = document.querySelector("#gallery");
let shown = PAGE;
function hasKeypoint(face, keypoint) {
  return keypoint === "" || face.querySelector(`[data-k="${keypoint}"]`) !== null;
}
function errorOf(face, keypoint) {
  return parseFloat(keypoint === "" ? face.dataset.error : face.dataset.errors.split(",")[keypoint]);
}
function showFaces() {
  const { kind, keypoint, annotator } = Object.fromEntries(new FormData(filters));
  const faces = all(".face", gallery), order = { worst: -1, best: 1 }[kind] || 0;
  const fits = faces.filter((face) => face.dataset.kind === kind && hasKeypoint(face, keypoint)
    && (annotator === "" || face.dataset.annotator === annotator));
  if (order) fits.sort((one, other) => order * (errorOf(one, keypoint) - errorOf(other, keypoint)));
  faces.forEach((face) => { face.hidden = true; });
  fits.slice(0, shown).forEach((face) => {
    face.hidden = false;
    gallery.append(face);
    const error = errorOf(face, keypoint);
    face.querySelector(".caption b").textContent = isNaN(error) ? "" : `${error.toFixed(2)} px${keypoint && " off"}`;
    all("g[data-k]", face).forEach((mark) => {
      mark.classList.toggle("dim", keypoint !== "" && mark.dataset.k !== keypoint);
    });
  });
  const chosen = kind === "best" && keypoint && fits.length ? ", the best over all keypoints" : "";
  const count = `${Math.min(shown, fits.length)} of ${fits.length}`;
  filters.querySelector("output").textContent = count + chosen;
  more.hidden = fits.length <= shown;
}
filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("change", () => { shown = PAGE; showFaces(); });
more.addEventListener("click", () => { shown += PAGE; showFaces(); });
showFaces();

// Enlarge a face; the arrow keys step to its neighbours.
const dialog = document.querySelector("dialog");
let current;
function enlarge(face) {
  current = face;
  const { title, note, annotator, error, errors } = face.dataset;
  dialog.querySelector(".stage").replaceChildren(face.querySelector("svg").cloneNode(true));
  const above = (legend) => legend.compareDocumentPosition(face) & Node.DOCUMENT_POSITION_FOLLOWING;
  const legends = all(".legend", face.closest("section")).filter(above);
  const symbols = face.querySelector("g[data-k]") ? legends.pop().cloneNode(true).childNodes : [];
  dialog.querySelector(".legend").replaceChildren(...symbols);
  dialog.querySelector("h2").textContent = title + (error ? ` · RMSE ${error}` : "");
  dialog.querySelector(".facts p").textContent = `annotator ${annotator}${note ? ` · ${note}` : ""}`;
  const points = errors.split(",").map((value, k) => [KEYPOINTS[k], parseFloat(value)])
    .filter(([, value]) => !isNaN(value)).sort(([, one], [, other]) => other - one);
  dialog.querySelector("tbody").replaceChildren(...points.map(([name, value]) => {
    const row = document.createElement("tr");
    row.insertCell().textContent = name;
    row.insertCell().textContent = value.toFixed(2);
    return row;
  }));
  dialog.querySelector("table").hidden = points.length === 0;
  const review = dialog.querySelector(".review");
  review.hidden = face.dataset.row === undefined;
  review.href = `${REVIEW}#row=${face.dataset.row}`;
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;  // focus would scroll a narrow dialog down to its first button
}
function step(by) {
  const faces = all(".face:not([hidden])", current.closest(".faces, .suspects"));
  enlarge(faces[(faces.indexOf(current) + by + faces.length) % faces.length]);
}
all(".face").forEach((face) => face.addEventListener("click", () => enlarge(face)));
all("[data-step]").forEach((button) => {
  button.addEventListener("click", () => step(Number(button.dataset.step)));
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog || "close" in event.target.dataset) dialog.close();
});
dialog.addEventListener("close", () => current.focus());
document.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (dialog.open && by) step(by);
});
