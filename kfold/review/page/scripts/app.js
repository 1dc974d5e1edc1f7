// The review: what is shown, and everything that can be done with it.
import { labelledKeypoints, movePoint } from "./actions.js";
import { currentPoint, errorOf, withPoint } from "./corrections.js";
import { EVERYTHING, rowsFor } from "./filters.js";
import { Viewport, ZOOMS } from "./viewport.js";
import { describeFace, describePoint } from "./wording.js";

const NEIGHBOURS = 6; // thumbnails before and after the face
const AHEAD = 12; // faces whose images are loaded before they are needed

export class App {
  // `page` has what shows the review: stage, panel, two strips (neighbours, photograph), sheets;
  // announce(text) says it aloud, and remember(row, filter) keeps them in the address.
  constructor({ data, history, journal, saver, page }) {
    Object.assign(this, { data, history, journal, saver, page });
    this.viewport = new Viewport(data.size);
    this.mayEdit = false;
    this.filter = EVERYTHING;
    this.rows = [];
    this.row = 0;
    this.selected = 0;
  }

  get correction() {
    return this.dragged ?? this.history.of(this.row);
  }

  get view() {
    const { data, row, correction, viewport, selected, hidden, history } = this;
    const copies = (data.copiesOf.get(row) ?? []).filter((other) => other !== row);
    const others = copies.map((other) => [other, history.of(other)]);
    return { data, row, correction, others, viewport, selected, hidden };
  }

  // Faces and filters

  // Make the list that of a filter. It stays as it is while rows are changed.
  list(filter) {
    this.filter = filter;
    this.rows = rowsFor(this.data, this.history, filter);
  }

  // Show the list of a filter, from its first row.
  show(filter) {
    this.list(filter);
    this.go(this.rows[0] ?? this.row);
  }

  // Look at a row; where the list does not have it, the list becomes that of all faces.
  visit(row) {
    if (!this.rows.includes(row)) this.list({ ...EVERYTHING, show: "all" });
    this.go(row);
  }

  go(row) {
    this.row = row;
    this.selected = this.worstPoint();
    this.viewport.zoomTo(1, this.viewport.centre);
    this.draw();
    this.page.remember(row, this.filter);
    this.page.announce(describeFace(this.data, row, this.correction));
    const ahead = this.rows.indexOf(row) + 1;
    this.rows.slice(ahead, ahead + AHEAD).forEach((next) => this.page.sheets.load(next).catch(() => {}));
  }

  step(by) {
    const next = this.rows[this.rows.indexOf(this.row) + by];
    if (next !== undefined) this.go(next);
    else this.page.announce(`This is the ${by > 0 ? "last" : "first"} face of the list.`);
  }

  // The keypoint that the filter asks for, or the one whose label is farthest from its prediction.
  worstPoint() {
    if (this.filter.keypoint !== "") return Number(this.filter.keypoint);
    const labelled = labelledKeypoints(this.data, this.row, this.correction);
    const errors = labelled.map((k) => errorOf(this.data, this.row, this.correction, k) ?? 0);
    return labelled[errors.indexOf(Math.max(...errors))] ?? 0;
  }

  // Corrections

  run(command, key) {
    if (command.edit) this.edit(command.edit(this.data, this.row, this.correction, this.selected));
    else command.run(this, key);
  }

  edit(after) {
    if (!this.allowsEditing()) return;
    if (JSON.stringify(after) === JSON.stringify(this.history.of(this.row))) {
      this.draw();
      this.page.announce("That changes nothing here.");
      return;
    }
    this.history.edit(this.row, after);
    this.journal.append({ row: this.row, after });
    this.changed();
  }

  allowsEditing() {
    if (!this.mayEdit) this.page.announce("This page only shows corrections.");
    return this.mayEdit;
  }

  changed() {
    this.draw();
    this.saver.save();
    this.announcePoint();
  }

  undo() {
    this.goThrough("undo", "There is nothing to undo.");
  }

  redo() {
    this.goThrough("redo", "There is nothing to do again.");
  }

  goThrough(way, nothing) {
    if (!this.allowsEditing()) return;
    const row = this.history[way]();
    if (row === undefined) {
      this.page.announce(nothing);
      return;
    }
    this.journal.append({ [way]: true });
    if (row !== this.row) this.visit(row);
    this.changed();
  }

  // Points

  select(k) {
    this.selected = k;
    this.drawFace();
    this.announcePoint();
  }

  announcePoint() {
    this.page.announce(describePoint(this.data, this.row, this.correction, this.selected));
  }

  stepPoint(by) {
    const points = labelledKeypoints(this.data, this.row, this.correction), count = points.length;
    const place = points.indexOf(this.selected);
    if (count) this.select(points[place < 0 ? 0 : (place + by + count) % count]);
  }

  nudge(by) {
    this.edit(movePoint(this.data, this.row, this.correction, this.selected, by));
  }

  drag(k, point) {
    if (!this.mayEdit) return;
    this.dragged = withPoint(this.data, this.row, this.history.of(this.row), k, point);
    this.drawFace();
  }

  endDrag(keeps) {
    const after = this.dragged;
    this.dragged = null;
    if (after && keeps) this.edit(after);
    else this.allowsEditing() && this.drawFace();
  }

  // Looks

  canZoom(by) {
    return ZOOMS.includes(ZOOMS[ZOOMS.indexOf(this.viewport.zoom) + by]);
  }

  // Zoom by a step, or out of all zoom with 0, about a point of the image: the selected one.
  zoom(by, about) {
    const { viewport } = this, zoom = by ? ZOOMS[ZOOMS.indexOf(viewport.zoom) + by] : 1;
    if (!zoom) return;
    const selected = currentPoint(this.data, this.row, this.correction, this.selected);
    viewport.zoomTo(zoom, about ?? selected ?? viewport.centre);
    this.drawFace();
  }

  pan(dx, dy) {
    this.viewport.pan(dx, dy);
    this.drawFace();
  }

  toggleMarks() {
    this.hidden = !this.hidden;
    this.drawFace();
  }

  resize(width, height) {
    this.viewport.fit(width, height);
    this.drawFace();
  }

  save() {
    if (this.saver.download) this.saver.download();
    else this.saver.save();
  }

  drawFace() {
    this.page.stage.draw(this.view);
    this.page.panel.drawFace(this.view);
  }

  draw() {
    const { rows, row, history, data } = this, place = rows.indexOf(row);
    this.drawFace();
    this.page.panel.drawProgress(this);
    const around = Array.from({ length: 2 * NEIGHBOURS + 1 }, (_, i) => rows[place - NEIGHBOURS + i]);
    this.page.neighbours.draw(place < 0 ? [row] : around, history, row);
    const photograph = data.photographOf.get(row) ?? [];
    this.page.photograph.draw(photograph.filter((other) => other !== row), history);
  }
}
