// A small plot that grows while one looks: the last so many values of some series, drawn as lines.

const width = 240;
const height = 60;

function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  return element;
}

/** Draws into an element; its size is the element's, so nothing around it ever moves. */
export class Plot {
  #series;
  #length;
  #atLeast;

  /** `names` are the classes of the lines; `length` how many values fit; the top of the scale is `atLeast` that. */
  constructor(element, names = ["only"], { length = 60, atLeast = 1 } = {}) {
    this.#length = length;
    this.#atLeast = atLeast;
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this.#series = new Map(
      names.map((name) => {
        const line = svg("path", { class: `line ${name}`, "vector-effect": "non-scaling-stroke" });
        picture.append(line);
        return [name, { line, values: [] }];
      }),
    );
    element.replaceChildren(picture);
  }

  /** The largest value shown. */
  get top() {
    return Math.max(this.#atLeast, ...[...this.#series.values()].flatMap(({ values }) => values));
  }

  /** Adds a value to each series: `{name: value}`. */
  add(values) {
    for (const [name, { values: known }] of this.#series) {
      known.push(values[name] ?? 0);
      if (known.length > this.#length) known.shift();
    }
    const top = this.top;
    for (const { line, values: known } of this.#series.values()) {
      const points = known.map((value, index) => {
        const x = (index / (this.#length - 1)) * width;
        return `${x.toFixed(1)},${(height - 2 - (value / top) * (height - 4)).toFixed(1)}`;
      });
      line.setAttribute("d", `M${points.join("L")}`);
    }
  }
}
