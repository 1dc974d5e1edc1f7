// What the page says of a face and of a point.
import { currentPoint, errorOf } from "./corrections.js";

export const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

// What was done to a row: "2 labels changed, 1 label dropped".
export function stateOf(correction) {
  if (correction.fine) return "marked as fine";
  const points = Object.values(correction.points);
  const dropped = points.filter((point) => point === null).length;
  return [[points.length - dropped, "changed"], [dropped, "dropped"]]
    .filter(([labels]) => labels).map(([labels, how]) => `${count(labels, "label")} ${how}`).join(", ");
}

export function reasonOf(data, row) {
  const suspect = data.suspectOf.get(row);
  if (suspect) return `${suspect.reason} (${Math.round(suspect.score)}× the median distance)`;
  if (data.disagreeing.includes(row)) return "another row with the same image has other labels";
  return "no suspect: every label is close enough to its prediction";
}

export function placeOf(data, row, correction) {
  const rank = data.suspectOf.get(row)?.rank;
  return [
    `annotator ${data.annotators[row]}`,
    rank === undefined ? "" : `suspect ${rank + 1} of ${data.suspects.length}`,
    stateOf(correction),
  ].filter(Boolean).join(" · ");
}

// Where a keypoint is: "nose tip at 47.25, 51.00, 3.2 px from the prediction".
export function describePoint(data, row, correction, k) {
  const point = currentPoint(data, row, correction, k);
  if (!point) return `${data.names[k]}: ${data.label(row, k) ? "dropped" : "no label"}`;
  const place = point.map((value) => value.toFixed(2)).join(", ");
  return `${data.names[k]} at ${place}, ${errorOf(data, row, correction, k).toFixed(1)} px from the prediction`;
}

export function describeFace(data, row, correction) {
  return `row ${data.ids[row]}, ${placeOf(data, row, correction)}: ${reasonOf(data, row)}`;
}
