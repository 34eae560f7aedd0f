/** What a Prisma schema says of its tables, as the database's catalogue would say it. */
export interface DeclaredTable {
  model: string;
  table: string;
  columns: Record<string, { type: string; nullable: boolean; hasDefault: boolean }>;
  primaryKey: string[];
  uniques: string[][];
  indexes: string[][];
}

const PLAIN_TYPES: Readonly<Record<string, string>> = {
  String: "text",
  Int: "integer",
  BigInt: "bigint",
  Float: "double precision",
  Boolean: "boolean",
  Json: "jsonb",
  DateTime: "timestamp(3) without time zone",
};

function databaseType(type: string, attributes: string): string {
  const native = /@db\.(\w+)(?:\(([\d, ]+)\))?/.exec(attributes);
  if (!native) return PLAIN_TYPES[type] ?? type;
  if (native[1] === "Uuid") return "uuid";
  if (native[1] === "Timestamptz") return `timestamp(${native[2] ?? "6"}) with time zone`;
  if (native[1] === "Decimal") return `numeric(${native[2]?.replace(" ", "") ?? "65,30"})`;
  return native[1]?.toLowerCase() ?? type;
}

/** Reads the models of a Prisma schema; knows as much of its language as ours uses. */
export function declaredTables(schema: string): DeclaredTable[] {
  const lines = schema.split("\n").map((line) => line.replace(/\/\/.*$/, "").trim());
  const models = new Set(lines.flatMap((line) => /^model (\w+)/.exec(line)?.[1] ?? []));
  const tables: DeclaredTable[] = [];
  let fields = new Map<string, string>();
  let current: DeclaredTable | null = null;

  const columnsOf = (list: string) =>
    list.split(",").map((name) => fields.get(name.trim().replace(/\(.*$/, "")) ?? `?${name.trim()}`);

  for (const line of lines) {
    const model = /^model (\w+)/.exec(line)?.[1];
    if (model !== undefined) {
      current = { model, table: model, columns: {}, primaryKey: [], uniques: [], indexes: [] };
      fields = new Map();
      tables.push(current);
      continue;
    }
    if (current === null || line === "") continue;
    if (line === "}") {
      current = null;
      continue;
    }
    const block = /^@@(\w+)\((?:fields: )?(?:\[([^\]]*)\]|"([^"]*)")/.exec(line);
    if (block) {
      const [, kind, list = "", text = ""] = block;
      if (kind === "map") current.table = text;
      else if (kind === "id") current.primaryKey = columnsOf(list);
      else if (kind === "unique") current.uniques.push(columnsOf(list));
      else if (kind === "index") current.indexes.push(columnsOf(list));
      continue;
    }
    const field = /^(\w+)\s+(\w+)(\?|\[\])?(.*)$/.exec(line);
    if (!field) continue;
    const [, name = "", type = "", mark, attributes = ""] = field;
    if (models.has(type)) continue;
    const column = /@map\("([^"]+)"\)/.exec(attributes)?.[1] ?? name;
    fields.set(name, column);
    current.columns[column] = { type: `${databaseType(type, attributes)}${mark === "[]" ? "[]" : ""}`, nullable: mark === "?", hasDefault: attributes.includes("@default(") };
    if (/@id\b/.test(attributes)) current.primaryKey = [column];
    if (/@unique\b/.test(attributes)) current.uniques.push([column]);
  }
  return tables;
}
