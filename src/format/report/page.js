// Zooming of the curves; without it each stands there as a picture of the whole time.
"use strict";
for (const box of document.querySelectorAll(".zoom")) {
  const read = (text) => (text ? text.split(",").map(Number) : null);
  const start = Number(box.dataset.start);
  const up = read(box.dataset.import);
  const down = read(box.dataset.export);
  const canvas = box.querySelector("canvas");
  const count = up.length;
  let from = 0;
  let to = count;
  const still = box.parentElement.querySelector(".picture");
  still.hidden = true;
  box.hidden = false;

  const fit = () => {
    const length = Math.min(count, Math.max(8, to - from));
    from = Math.min(Math.max(0, from), count - length);
    to = from + length;
  };
  const two = (number) => String(number).padStart(2, "0");
  const label = (at, length) => {
    const time = new Date((start + at * 900) * 1000);
    const day = `${two(time.getMonth() + 1)}-${two(time.getDate())}`;
    return length > 400 ? day : `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
  };
  const draw = () => {
    const scale = window.devicePixelRatio || 1;
    const { width, height } = canvas.getBoundingClientRect();
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const [left, right, top, bottom] = [44, width - 8, 8, height - 22];
    const first = Math.floor(from);
    const last = Math.min(count, Math.ceil(to));
    let most = 100;
    let least = 0;
    for (let at = first; at < last; at += 1) {
      most = Math.max(most, up[at]);
      if (down) least = Math.max(least, down[at]);
    }
    const x = (at) => left + ((at - from) / (to - from)) * (right - left);
    const y = (watts) => bottom - ((watts + least) / (most + least)) * (bottom - top);
    pen.font = "12px system-ui, sans-serif";
    pen.lineWidth = 1;
    const step = [100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000]
      .find((each) => (most + least) / each <= 6) || 200000;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (let watts = -Math.floor(least / step) * step; watts <= most; watts += step) {
      pen.strokeStyle = color("--grid");
      pen.beginPath();
      pen.moveTo(left, y(watts));
      pen.lineTo(right, y(watts));
      pen.stroke();
      pen.fillStyle = color("--soft");
      pen.fillText((watts / 1000).toString(), left - 6, y(watts));
    }
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const ticks = Math.max(2, Math.floor((right - left) / 110));
    for (let tick = 0; tick <= ticks; tick += 1) {
      const at = from + ((to - from) * tick) / ticks;
      const place = Math.min(right - 34, Math.max(left + 20, x(at)));
      pen.fillText(label(Math.round(at), to - from), place, bottom + 5);
    }
    const line = (values, sign, name) => {
      pen.strokeStyle = color(name);
      pen.lineWidth = 1.5;
      pen.beginPath();
      const each = Math.max(1, Math.floor((to - from) / (right - left) / 2));
      for (let at = first; at < last; at += each) {
        let low = Infinity;
        let high = -Infinity;
        for (let one = at; one < Math.min(last, at + each); one += 1) {
          low = Math.min(low, values[one]);
          high = Math.max(high, values[one]);
        }
        pen.lineTo(x(at), y(sign * high));
        if (each === 1) pen.lineTo(x(at + 1), y(sign * high));
        else pen.lineTo(x(at), y(sign * low));
      }
      pen.stroke();
    };
    if (down) line(down, -1, "--down");
    line(up, 1, "--up");
  };
  const zoom = (factor, share) => {
    const at = from + (to - from) * share;
    const length = Math.min(count, Math.max(8, (to - from) * factor));
    from = at - length * share;
    to = from + length;
    fit();
    draw();
  };
  const move = (by) => {
    from += by;
    to += by;
    fit();
    draw();
  };
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX / canvas.clientWidth);
  }, { passive: false });
  const fingers = new Map();
  canvas.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, event.offsetX);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    const before = fingers.get(event.pointerId);
    const others = [...fingers].filter(([id]) => id !== event.pointerId);
    fingers.set(event.pointerId, event.offsetX);
    if (others.length === 0) {
      move(((before - event.offsetX) / canvas.clientWidth) * (to - from));
    } else {
      const other = others[0][1];
      const now = Math.max(10, Math.abs(event.offsetX - other));
      zoom(Math.max(10, Math.abs(before - other)) / now, (event.offsetX + other) / 2 / canvas.clientWidth);
    }
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => fingers.delete(event.pointerId));
  }
  canvas.addEventListener("keydown", (event) => {
    const length = to - from;
    if (event.key === "+" || event.key === "=") zoom(0.8, 0.5);
    else if (event.key === "-") zoom(1.25, 0.5);
    else if (event.key === "ArrowLeft") move(-length / 5);
    else if (event.key === "ArrowRight") move(length / 5);
    else if (event.key === "0") zoom(Infinity, 0);
    else return;
    event.preventDefault();
  });
  window.addEventListener("resize", draw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.addEventListener("beforeprint", () => { still.hidden = false; });
  window.addEventListener("afterprint", () => { still.hidden = true; });
  draw();
}
