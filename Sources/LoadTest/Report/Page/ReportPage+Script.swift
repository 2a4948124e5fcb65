extension ReportPage {
    /// Tells the values under the pointer. It reads them off the curves: the page says everything without it.
    static let script = """
        "use strict";
        for (const svg of document.querySelectorAll("svg[data-box]")) {
          const [left, right, top, bottom] = svg.dataset.box.split(" ").map(Number);
          const scale = text => {
            const [kind, lower, upper] = text.split(" ");
            const [a, b] = [Number(lower), Number(upper)];
            return share => kind === "log" ? a * Math.pow(b / a, share) : a + share * (b - a);
          };
          const [xOf, yOf] = [scale(svg.dataset.xScale), scale(svg.dataset.yScale)];
          const shown = value => {
            const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
            return value.toLocaleString("en-GB", { maximumFractionDigits: digits });
          };
          const two = number => String(Math.floor(number)).padStart(2, "0");
          const words = {
            time: value => value < 60 ? shown(value) + " s"
              : (value >= 3600 ? Math.floor(value / 3600) + ":" + two(value % 3600 / 60) : Math.floor(value / 60))
                + ":" + two(value % 60),
            spectrum: value => "p" + Number(((1 - 1 / value) * 100).toPrecision(6)),
            count: value => shown(value) + " entries",
          }[svg.dataset.x];
          const curves = [...svg.querySelectorAll(".curve")].map(curve => ({
            name: curve.dataset.name, colour: getComputedStyle(curve).color,
            points: [...curve.querySelectorAll("polyline")].flatMap(line =>
              line.getAttribute("points").split(" ").map(point => point.split(",").map(Number))),
          })).filter(curve => curve.points.length);
          if (!curves.length) continue;
          const figure = svg.closest("figure");
          const cursor = document.createElementNS("http://www.w3.org/2000/svg", "path");
          cursor.setAttribute("class", "cursor");
          const tip = document.createElement("div");
          tip.className = "tip";
          const leave = () => { cursor.remove(); tip.remove(); };
          svg.addEventListener("pointerleave", leave);
          svg.addEventListener("pointermove", event => {
            const area = svg.getBoundingClientRect();
            const factor = svg.viewBox.baseVal.width / area.width;
            const x = (event.clientX - area.left) * factor;
            if (x < left || x > right) { leave(); return; }
            const nearest = curve => curve.points.reduce((best, point) =>
              Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best);
            const found = curves.map(curve => ({ curve, point: nearest(curve) }));
            const place = found.map(one => one.point[0]).reduce((best, one) =>
              Math.abs(one - x) < Math.abs(best - x) ? one : best);
            const title = document.createElement("b");
            title.textContent = words(xOf((place - left) / (right - left)));
            tip.replaceChildren(title);
            for (const { curve, point } of found.sort((one, other) => one.point[1] - other.point[1])) {
              if (Math.abs(point[0] - place) > 12) continue;
              const line = document.createElement("i");
              line.style.color = curve.colour;
              const value = yOf((bottom - point[1]) / (bottom - top));
              line.textContent = curve.name + " " + shown(value) + (svg.dataset.yUnit && " " + svg.dataset.yUnit);
              tip.append(line);
            }
            cursor.setAttribute("d", `M${place} ${top}V${bottom}`);
            svg.append(cursor);
            figure.append(tip);
            const box = figure.getBoundingClientRect();
            const at = area.left - box.left + place / factor;
            tip.style.top = `${area.top - box.top + top / factor}px`;
            const fits = at + 12 + tip.offsetWidth <= box.width;
            tip.style.left = `${Math.max(0, fits ? at + 12 : at - 12 - tip.offsetWidth)}px`;
          });
        }
        """
}
