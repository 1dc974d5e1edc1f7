// The correction of a row: `points` has a new point for each keypoint that is set, and null for each
// that is dropped; `fine` says that the row was looked at and is right as it is.
import { distance } from "./data.js";

export const NOTHING = Object.freeze({ points: {}, fine: false });

const DECIMALS = 3;

export const isChanged = (correction) => Object.keys(correction.points).length > 0;
export const isDone = (correction) => correction.fine || isChanged(correction);

export function currentPoint(data, row, correction, k) {
  return k in correction.points ? correction.points[k] : data.label(row, k);
}

// A point as the file holds it: three decimals, from 0 to the image's size.
function stored(data, point) {
  return point.map((value) => Number(Math.min(Math.max(value, 0), data.size).toFixed(DECIMALS)));
}

function isSame(one, other) {
  if (!one || !other) return one === other;
  return one.every((value, axis) => value.toFixed(DECIMALS) === other[axis].toFixed(DECIMALS));
}

// With keypoint k at `point`, null to drop it; what equals the label as it was given is no change.
export function withPoint(data, row, correction, k, point) {
  const points = { ...correction.points }, kept = point && stored(data, point);
  delete points[k];
  if (!isSame(kept, data.label(row, k))) points[k] = kept;
  return { points, fine: false };
}

// Pixels between the current label and the prediction; null without a label.
export function errorOf(data, row, correction, k) {
  const point = currentPoint(data, row, correction, k);
  return point && distance(point, data.prediction(row, k));
}

function linesOf(data, row, { points, fine }) {
  const given = data.keypoints.map((_, k) => k).filter((k) => data.label(row, k));
  const changed = Object.keys(points).map(Number).sort((one, other) => one - other);
  if (fine) return [["", "keep", "", ""]];
  const isDropped = changed.every((k) => points[k] === null) && given.every((k) => k in points);
  if (changed.length && isDropped) return [["", "drop", "", ""]];
  return changed.map((k) => (points[k] === null
    ? [data.keypoints[k], "drop", "", ""]
    : [data.keypoints[k], "set", ...points[k].map((value) => value.toFixed(DECIMALS))]));
}

// The file that CORRECTIONS= takes, of a Map from rows to corrections.
export function toCsv(data, corrections) {
  const rows = [...corrections.keys()].sort((one, other) => one - other);
  const lines = rows.flatMap((row) => linesOf(data, row, corrections.get(row))
    .map((fields) => [data.ids[row], ...fields, data.checksum]));
  return [["row", "keypoint", "action", "x", "y", "data"], ...lines]
    .map((fields) => `${fields.join(",")}\n`).join("");
}
