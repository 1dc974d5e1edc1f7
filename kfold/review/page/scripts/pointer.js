// Mouse, pen and touch on the stage: choose and drag a point, move the zoomed face, zoom.
import { currentPoint } from "./corrections.js";
import { distance } from "./data.js";

const REACH = { mouse: 14, pen: 18, touch: 34 };
const STILL = 3; // CSS pixels that a click may move
const NOTCH = 60; // CSS pixels of scrolling for a step of zoom: a mouse's wheel, or a swipe
const SPREAD = 1.3; // of two fingers for a step of zoom

// The keypoint whose label is nearest to a place on the stage, within reach; undefined without one.
function nearest({ data, row, correction, viewport, hidden }, place, reach) {
  if (hidden) return undefined;
  const found = data.keypoints.map((_, k) => {
    const point = currentPoint(data, row, correction, k);
    return { k, point, far: point ? distance(viewport.toStage(point), place) : Infinity };
  });
  found.sort((one, other) => one.far - other.far);
  return found[0].far <= reach ? found[0] : undefined;
}

export function listenToPointers(root, app) {
  const touches = new Map();
  let drag = null, spread = 1, turned = 0;

  const placeOf = (event) => {
    const { left, top } = root.getBoundingClientRect();
    return [event.clientX - left - root.clientLeft, event.clientY - top - root.clientTop];
  };

  // A mouse puts the point under its tip. A finger would hide it: it moves it from where it lies.
  function begin(event) {
    const place = placeOf(event), view = app.view;
    const found = nearest(view, place, REACH[event.pointerType] ?? REACH.mouse);
    const grip = found && event.pointerType === "touch" ? view.viewport.toStage(found.point) : place;
    drag = { start: place, last: place, k: found?.k, offset: [0, 1].map((axis) => grip[axis] - place[axis]) };
    if (found) app.select(found.k);
  }

  function move(event) {
    const place = placeOf(event);
    drag.moved ||= distance(place, drag.start) > STILL;
    if (drag.moved && drag.k === undefined) {
      app.pan(place[0] - drag.last[0], place[1] - drag.last[1]);
    } else if (drag.moved) {
      const { viewport } = app.view, tip = place.map((value, axis) => value + drag.offset[axis]);
      app.drag(drag.k, viewport.snapped(viewport.toImage(tip)));
    }
    drag.last = place;
  }

  function pinch(event) {
    const before = [...touches.values()];
    touches.set(event.pointerId, placeOf(event));
    const after = [...touches.values()];
    const middle = (places) => [0, 1].map((axis) => (places[0][axis] + places[1][axis]) / 2);
    const [from, to] = [before, after].map(middle);
    app.pan(to[0] - from[0], to[1] - from[1]);
    spread *= distance(...after) / Math.max(distance(...before), 1);
    if (spread < SPREAD && spread > 1 / SPREAD) return;
    app.zoom(spread > 1 ? 1 : -1, app.view.viewport.toImage(to));
    spread = 1;
  }

  function end(keeps) {
    if (drag?.moved && drag.k !== undefined) app.endDrag(keeps);
    drag = null;
  }

  root.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    root.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") touches.set(event.pointerId, placeOf(event));
    if (touches.size > 1) end(false);
    else begin(event);
  });
  root.addEventListener("pointermove", (event) => {
    if (touches.size === 2 && touches.has(event.pointerId)) pinch(event);
    else if (drag) move(event);
  });
  for (const [type, keeps] of [["pointerup", true], ["pointercancel", false]]) {
    root.addEventListener(type, (event) => {
      touches.delete(event.pointerId);
      spread = 1;
      end(keeps);
    });
  }
  root.addEventListener("wheel", (event) => {
    turned = Math.sign(turned) === Math.sign(event.deltaY) ? turned + event.deltaY : event.deltaY;
    const direction = turned < 0 ? 1 : -1;
    if (!app.canZoom(direction)) return; // the page scrolls
    event.preventDefault();
    if (Math.abs(turned) < NOTCH) return;
    app.zoom(direction, app.view.viewport.toImage(placeOf(event)));
    turned = 0;
  }, { passive: false });
}
