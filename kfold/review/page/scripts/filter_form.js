// The choices above the face.
import { EVERYTHING, SHOW, STATES, inOrder, parseRanges } from "./filters.js";

const fill = (select, choices) => select.replaceChildren(
  ...choices.map(([value, text]) => new Option(text, value)),
);

export class FilterForm {
  // `choose` is called with a filter, `leave` when a mouse has chosen: the keys are for the face again.
  constructor(form, data, { choose, leave }) {
    this.fields = form.elements;
    fill(this.fields.show, SHOW.map(([value, text]) => [value, `${text} (${inOrder(data, value).length})`]));
    fill(this.fields.keypoint, [["", "any"], ...data.names.map((name, k) => [k, name])]);
    fill(this.fields.state, STATES);
    let byMouse = false;
    form.addEventListener("pointerdown", () => { byMouse = true; });
    form.addEventListener("keydown", () => { byMouse = false; });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", ({ target }) => {
      if (!this.checkRows()) return;
      // A row number is looked for among all faces.
      if (target === this.fields.rows && target.value) this.fields.show.value = "all";
      choose(this.filter);
      if (byMouse || target === this.fields.rows) leave();
    });
  }

  checkRows() {
    const { rows } = this.fields, isValid = parseRanges(rows.value) !== null;
    rows.setCustomValidity(isValid ? "" : "Row numbers such as 12, 100-200");
    return rows.reportValidity();
  }

  get filter() {
    return Object.fromEntries(Object.keys(EVERYTHING).map((name) => [name, this.fields[name].value.trim()]));
  }

  set filter(filter) {
    Object.entries(filter).forEach(([name, value]) => { this.fields[name].value = value; });
  }
}
