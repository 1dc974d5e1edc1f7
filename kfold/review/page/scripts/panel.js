// What is known of the face: its row, why it is suspect, its keypoints, how far the work is.
import { currentPoint, errorOf, isChanged } from "./corrections.js";
import { progress } from "./filters.js";
import { count, placeOf, reasonOf } from "./wording.js";

const find = (selector) => document.querySelector(selector);

export class Panel {
  // `select` is called with the keypoint whose name was clicked.
  constructor(data, select) {
    this.data = data;
    this.body = find(".points tbody");
    data.names.forEach((name, k) => {
      const line = this.body.insertRow(), heading = line.appendChild(document.createElement("th"));
      heading.scope = "row";
      const button = heading.appendChild(document.createElement("button"));
      button.type = "button";
      button.textContent = name;
      button.addEventListener("click", () => select(k));
      for (let cell = 0; cell < 3; cell += 1) line.insertCell();
    });
  }

  drawFace({ row, correction, selected, hidden = false }) {
    const { data } = this;
    find(".facts h2").textContent = `row ${data.ids[row]}`;
    find(".facts .place").textContent = placeOf(data, row, correction);
    find(".facts .reason").textContent = reasonOf(data, row);
    find("[data-group=Point] legend").textContent = data.names[selected];
    find(".same").hidden = !data.photographOf.has(row);
    find("[data-command=fine]").ariaPressed = String(correction.fine);
    find("[data-command=fine]").disabled = isChanged(correction);
    find("[data-command=hide]").ariaPressed = String(!hidden);
    data.keypoints.forEach((_, k) => this.drawPoint(row, correction, k, k === selected));
  }

  drawPoint(row, correction, k, isSelected) {
    const line = this.body.rows[k], point = currentPoint(this.data, row, correction, k);
    const given = this.data.label(row, k);
    line.classList.toggle("selected", isSelected);
    line.classList.toggle("changed", k in correction.points);
    line.classList.toggle("none", !point);
    line.querySelector("button").ariaPressed = String(isSelected);
    const texts = point
      ? [...point.map((value) => value.toFixed(2)), errorOf(this.data, row, correction, k).toFixed(1)]
      : [given ? "dropped" : "no label", "", ""];
    texts.forEach((text, i) => { line.cells[i + 1].textContent = text; });
  }

  drawProgress({ row, rows, history }) {
    const { done, total, rows: changed, labels } = progress(history, rows), place = rows.indexOf(row);
    find(".position").textContent = place < 0 ? "not in this list" : `${place + 1} of ${total}`;
    const bar = find(".progress progress");
    bar.max = Math.max(total, 1);
    bar.value = done;
    find(".progress output").textContent = `${done} of ${total} done`;
    find(".progress small").textContent = labels
      ? `${count(labels, "label")} changed in ${count(changed, "row")}` : "nothing changed";
  }
}
