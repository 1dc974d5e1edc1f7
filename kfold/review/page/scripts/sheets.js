// Images of faces, from sheets that hold a hundred each and are loaded when one of them is needed.

const MAX_SHEETS = 40;

export class Sheets {
  constructor({ size, columns }, folder = "faces") {
    Object.assign(this, { size, columns, folder });
    this.loading = new Map();
    this.images = new Map();
  }

  numberOf(row) {
    return Math.floor(row / this.columns ** 2);
  }

  // Resolves when the face can be drawn; rejects where its sheet is missing.
  load(row) {
    const number = this.numberOf(row);
    const loading = this.loading.get(number) ?? this.fetch(number);
    this.loading.delete(number); // the sheet that was not needed for longest is forgotten
    this.loading.set(number, loading);
    if (this.loading.size > MAX_SHEETS) this.forget(this.loading.keys().next().value);
    return loading;
  }

  async fetch(number) {
    const image = new Image();
    image.src = `${this.folder}/${number}.png`;
    try {
      await image.decode();
    } catch (error) {
      this.forget(number);
      throw error;
    }
    this.images.set(number, image);
  }

  forget(number) {
    this.loading.delete(number);
    this.images.delete(number);
  }

  // Draw a face onto a canvas of its size; false while it is not loaded.
  draw(canvas, row) {
    const image = this.images.get(this.numberOf(row)), { size, columns } = this;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, size, size);
    if (!image) return false;
    const cell = row % columns ** 2;
    const [left, top] = [cell % columns, Math.floor(cell / columns)].map((at) => at * size);
    context.drawImage(image, left, top, size, size, 0, 0, size, size);
    return true;
  }
}
