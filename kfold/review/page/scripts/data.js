// What the page knows of N training faces. A row is an index from 0, a keypoint k too, and a point
// [x, y] in pixels, where the centre of the top-left pixel is [0, 0]; null without a label.

function floatsOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}

function pointsOf(base64, count) {
  const floats = floatsOf(base64);
  return (row, k) => {
    const at = 2 * (row * count + k), point = [floats[at], floats[at + 1]];
    return point.some(Number.isNaN) ? null : point;
  };
}

// The group of each row that is in one; groups with a row in common are one group.
function groupsByRow(groups) {
  const found = new Map();
  for (const rows of groups) {
    const joined = new Set(rows.flatMap((row) => [row, ...(found.get(row) ?? [])]));
    const sorted = [...joined].sort((one, other) => one - other);
    sorted.forEach((row) => found.set(row, sorted));
  }
  return found;
}

export function readData(contents) {
  const count = contents.keypoints.length;
  return {
    ...contents,
    names: contents.keypoints.map((name) => name.replaceAll("_", " ")),
    label: pointsOf(contents.labels, count),
    prediction: pointsOf(contents.predictions, count),
    rowOf: new Map(contents.ids.map((id, row) => [id, row])),
    suspectOf: new Map(contents.suspects.map((suspect, rank) => [suspect.row, { ...suspect, rank }])),
    copiesOf: groupsByRow(contents.copies),
    photographOf: groupsByRow([...contents.copies, ...contents.versions]),
  };
}

export function distance([x, y], [u, v]) {
  return Math.hypot(x - u, y - v);
}
