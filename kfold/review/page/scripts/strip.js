// Small faces to click: the neighbours in the list, and the same photograph in other rows.
import { currentPoint, isChanged } from "./corrections.js";

const RADIUS = 2.2;

function drawLabels(context, data, row, correction, colour) {
  context.fillStyle = colour;
  data.keypoints.forEach((_, k) => {
    const point = currentPoint(data, row, correction, k);
    if (!point) return;
    context.beginPath();
    context.arc(point[0] + 0.5, point[1] + 0.5, RADIUS, 0, 2 * Math.PI);
    context.fill();
  });
}

export class Strip {
  // `choose` is called with the row of a face that was clicked.
  constructor(root, data, sheets, choose) {
    Object.assign(this, { root, data, sheets });
    this.colour = getComputedStyle(document.documentElement).getPropertyValue("--label");
    root.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-row]");
      if (button) choose(Number(button.dataset.row));
    });
  }

  // Faces of `rows`, of which undefined ones are gaps; `current` is marked.
  draw(rows, history, current) {
    rows.forEach((row, i) => this.drawFace(this.button(i), row, history, row === current));
    [...this.root.children].slice(rows.length).forEach((button) => button.remove());
  }

  button(i) {
    if (this.root.children[i]) return this.root.children[i];
    const button = document.createElement("button");
    button.type = "button";
    const canvas = button.appendChild(document.createElement("canvas"));
    canvas.width = canvas.height = this.data.size;
    button.appendChild(document.createElement("span"));
    return this.root.appendChild(button);
  }

  drawFace(button, row, history, isCurrent) {
    button.style.visibility = row === undefined ? "hidden" : "";
    if (row === undefined) return;
    const correction = history.of(row), canvas = button.firstChild;
    const state = isChanged(correction) ? "changed" : correction.fine ? "fine" : "";
    button.dataset.row = row;
    button.dataset.state = state;
    button.ariaCurrent = isCurrent ? "true" : "false";
    button.ariaLabel = `row ${this.data.ids[row]}${state && `, ${state}`}`;
    button.lastChild.textContent = this.data.ids[row];
    const draw = () => {
      if (button.dataset.row !== String(row) || !this.sheets.draw(canvas, row)) return false;
      drawLabels(canvas.getContext("2d"), this.data, row, history.of(row), this.colour);
      return true;
    };
    if (!draw()) this.sheets.load(row).then(draw, () => {});
  }
}
