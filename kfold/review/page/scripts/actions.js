// What can be done to a row: functions of its correction, and of a keypoint k, to its next one.
import { NOTHING, currentPoint, isChanged, withPoint } from "./corrections.js";

const keypointsOf = (data) => data.keypoints.map((_, k) => k);

// Keypoints with a label, the current or the given one.
export function labelledKeypoints(data, row, correction) {
  return keypointsOf(data)
    .filter((k) => data.label(row, k) || currentPoint(data, row, correction, k));
}

function withPoints(data, row, correction, keypoints, pointOf) {
  return keypoints.reduce((next, k) => withPoint(data, row, next, k, pointOf(k)), correction);
}

export function takePoint(data, row, correction, k) {
  return withPoint(data, row, correction, k, data.prediction(row, k));
}

export function takeRow(data, row, correction) {
  const labelled = labelledKeypoints(data, row, correction);
  return withPoints(data, row, correction, labelled, (k) => data.prediction(row, k));
}

// Left and right names change places; the points stay where they are.
export function exchangeSides(data, row, correction) {
  const before = keypointsOf(data).map((k) => currentPoint(data, row, correction, k));
  return withPoints(data, row, correction, keypointsOf(data), (k) => before[data.mirror[k]]);
}

export function dropPoint(data, row, correction, k) {
  return withPoint(data, row, correction, k, null);
}

export function dropRow(data, row, correction) {
  return withPoints(data, row, correction, labelledKeypoints(data, row, correction), () => null);
}

export function restorePoint(data, row, correction, k) {
  const points = { ...correction.points };
  delete points[k];
  return { points, fine: false };
}

export function restoreRow() {
  return NOTHING;
}

// A changed row is done; it cannot be right as it was, too.
export function toggleFine(data, row, correction) {
  return isChanged(correction) ? correction : { ...correction, fine: !correction.fine };
}

export function movePoint(data, row, correction, k, [dx, dy]) {
  const [x, y] = currentPoint(data, row, correction, k) ?? data.prediction(row, k);
  return withPoint(data, row, correction, k, [x + dx, y + dy]);
}
