// The face, large, with its label, its prediction and the labels of the same image in other rows.
import { currentPoint } from "./corrections.js";

const at = (x, y) => `translate(${x.toFixed(2)} ${y.toFixed(2)})`;

const MARKS = {
  label: '<circle r="6"/><circle class="dot" r="1"/>',
  dropped: '<path d="M-5-5l10 10M5-5l-10 10"/><circle r="6"/>',
  given: '<circle r="5"/>',
  prediction: '<path d="M-5-5l10 10m0-10l-10 10"/>',
  other: '<path d="M0-5l5 5l-5 5l-5-5z"/>',
};

function mark(kind, point, viewport) {
  return `<g class="mark ${kind}" transform="${at(...viewport.toStage(point))}">${MARKS[kind]}</g>`;
}

function line(kind, from, to, viewport) {
  const [[a, b], [c, d]] = [from, to].map((point) => viewport.toStage(point));
  return `<path class="${kind}" d="M${a} ${b}L${c} ${d}"/>`;
}

function name(text, point, viewport) {
  const [x, y] = viewport.toStage(point), isRight = x > viewport.stage[0] * 0.6;
  const [left, anchor] = isRight ? [x - 14, "end"] : [x + 14, "start"];
  return `<text x="${left}" y="${y + 4}" text-anchor="${anchor}">${text}</text>`;
}

// One keypoint: its label or, where that is dropped, the given one; how it was given; its prediction.
function keypointMarks({ data, row, correction, viewport, selected }, k) {
  const current = currentPoint(data, row, correction, k), given = data.label(row, k);
  if (!current && !given && k !== selected) return "";
  const predicted = data.prediction(row, k), parts = [];
  if (current) parts.push(line("error", current, predicted, viewport));
  if (current && given && k in correction.points) {
    parts.push(line("moved", given, current, viewport), mark("given", given, viewport));
  }
  parts.push(mark("prediction", predicted, viewport));
  if (current) parts.push(mark("label", current, viewport));
  else if (given) parts.push(mark("dropped", given, viewport));
  if (k === selected) parts.push(name(data.names[k], current ?? given ?? predicted, viewport));
  const classes = `keypoint${k === selected ? " selected" : ""}${k in correction.points ? " changed" : ""}`;
  return `<g class="${classes}" data-k="${k}">${parts.join("")}</g>`;
}

export class Stage {
  constructor(root, sheets) {
    this.root = root;
    this.sheets = sheets;
    this.canvas = root.querySelector("canvas");
    this.marks = root.querySelector("svg");
    this.handles = root.querySelector(".handles");
    this.missing = root.querySelector(".missing");
  }

  // `view`: data, row, correction, others (corrections of rows of the same image), viewport,
  // selected (keypoint), hidden (marks).
  draw(view) {
    this.root.classList.toggle("zoomed", view.viewport.zoom > 1);
    this.drawImage(view);
    const keypoints = view.data.keypoints.map((_, k) => k);
    // The selected one last, above the others.
    const order = [...keypoints.filter((k) => k !== view.selected), view.selected];
    const others = view.others.flatMap(([row, correction]) => keypoints
      .map((k) => currentPoint(view.data, row, correction, k)).filter(Boolean));
    this.marks.innerHTML = view.hidden ? "" : [
      ...others.map((point) => mark("other", point, view.viewport)),
      ...order.map((k) => keypointMarks(view, k)),
    ].join("");
    this.placeHandles(view);
  }

  drawImage({ row, viewport, data }) {
    const [left, top] = viewport.offset, size = `${viewport.scale * data.size}px`;
    Object.assign(this.canvas.style, { width: size, height: size, left: `${left}px`, top: `${top}px` });
    if (this.root.dataset.row === String(row)) return;
    this.root.dataset.row = "";
    this.root.dataset.wanted = row;
    const isWanted = () => this.root.dataset.wanted === String(row);
    const show = () => {
      if (isWanted() && this.sheets.draw(this.canvas, row)) this.root.dataset.row = row;
    };
    show();
    this.missing.hidden = true;
    if (this.root.dataset.row !== "") return;
    this.sheets.load(row).then(show, () => { this.missing.hidden = !isWanted(); });
  }

  // What a finger takes hold of, where a swipe must not scroll the page.
  placeHandles({ data, row, correction, viewport, hidden }) {
    data.keypoints.forEach((_, k) => {
      const handle = this.handles.children[k] ?? this.handles.appendChild(document.createElement("i"));
      const point = currentPoint(data, row, correction, k);
      handle.hidden = !point || hidden;
      if (point) {
        const [x, y] = viewport.toStage(point);
        handle.style.transform = `translate(${x}px, ${y}px)`;
      }
    });
  }
}
