// Where a face lies on the stage. A pixel of the face is a whole number of CSS pixels, so that a mouse
// can hit its centre; positions are read in steps that every mouse can make at this scale.

export const ZOOMS = [1, 2, 3, 4, 6, 8, 12];
const STEPS = [1, 0.5, 0.25, 0.2, 0.1, 0.05, 0.025, 0.02, 0.01];

export class Viewport {
  constructor(size) {
    this.size = size;
    this.zoom = 1;
    this.centre = [size / 2 - 0.5, size / 2 - 0.5];
    this.fit(size, size);
  }

  // Set the stage's size, in CSS pixels.
  fit(width, height) {
    this.stage = [width, height];
    this.base = Math.max(1, Math.floor(Math.min(width, height) / this.size));
  }

  get scale() {
    return this.base * this.zoom;
  }

  // CSS pixels from the stage's corner to the image's: whole numbers.
  get offset() {
    return this.stage.map((length, axis) => {
      const image = this.scale * this.size;
      if (image <= length) return Math.floor((length - image) / 2);
      const wanted = Math.round(length / 2 - (this.centre[axis] + 0.5) * this.scale);
      return Math.min(0, Math.max(Math.floor(length) - image, wanted));
    });
  }

  toStage(point) {
    const { offset, scale } = this;
    return point.map((value, axis) => offset[axis] + (value + 0.5) * scale);
  }

  toImage(place) {
    const { offset, scale } = this;
    return place.map((value, axis) => (value - offset[axis]) / scale - 0.5);
  }

  // The finest step in image pixels that is coarser than a CSS pixel.
  get step() {
    return STEPS.findLast((step) => step * this.scale > 1) ?? STEPS[0];
  }

  snapped(point) {
    return point.map((value) => Math.round(value / this.step) * this.step);
  }

  // Zoom to a magnification; the image point `at` stays where it is, as far as the image covers it.
  zoomTo(zoom, at) {
    const before = this.toStage(at);
    this.zoom = zoom;
    this.centre = at.map((value, axis) => value - (before[axis] - this.stage[axis] / 2) / this.scale);
    this.settle();
  }

  pan(dx, dy) {
    this.centre = this.centre.map((value, axis) => value - [dx, dy][axis] / this.scale);
    this.settle();
  }

  // The centre that is shown, where the wanted one would bare the stage.
  settle() {
    this.centre = this.toImage(this.stage.map((length) => length / 2));
  }
}
