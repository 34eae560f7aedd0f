/** Prometheus' text format, version 0.0.4. */
export type Labels = Readonly<Record<string, string>>;

interface Family {
  help: string;
  type: "counter" | "gauge";
  /** By rendered labels. */
  values: Map<string, number>;
}

const escape = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

function render(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

export type Page = ReturnType<typeof createPage>;

/** A page of metrics. Label values must come from closed sets: each combination is kept for ever. */
export function createPage() {
  const families = new Map<string, Family>();

  function family(name: string, type: Family["type"], help: string): Family {
    let found = families.get(name);
    if (!found) {
      found = { help, type, values: new Map() };
      families.set(name, found);
    }
    return found;
  }

  return {
    /** Declares a counter. Without labels it stands at 0 until it counts; with them each appears as it comes. */
    counter(name: string, help: string, { labelled = false }: { labelled?: boolean } = {}) {
      const { values } = family(name, "counter", help);
      if (!labelled) values.set("", 0);
      return {
        add(amount = 1, labels: Labels = {}): void {
          const at = render(labels);
          values.set(at, (values.get(at) ?? 0) + amount);
        },
      };
    },

    gauge(name: string, help: string, labels: Labels = {}) {
      const { values } = family(name, "gauge", help);
      return { set: (value: number): void => void values.set(render(labels), value) };
    },

    text(): string {
      let out = "";
      for (const [name, { help, type, values }] of families) {
        out += `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
        for (const [labels, value] of values) out += `${name}${labels} ${value}\n`;
      }
      return out;
    },
  };
}
