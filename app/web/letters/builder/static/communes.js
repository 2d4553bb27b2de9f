// What the page knows of communes: names from wherever they come, outlines by department.

import { communesOf } from "./api.js";

export const departmentOf = (code) => (code.startsWith("97") ? code.slice(0, 3) : code.slice(0, 2));

export class Communes {
  constructor() {
    this.names = new Map();
    this.features = new Map();
    this.holders = new Map();
    this.departments = new Map();
  }

  // Remembers `{code, name, population}` of anything that has them.
  learn(communes) {
    for (const { code, name, population } of communes) this.names.set(code, { code, name, population });
  }

  of(code) {
    return this.names.get(code) ?? { code, name: code, population: null };
  }

  // Gives the features of a department, asked for once; `onLoaded` sees each department once.
  load(department, onLoaded) {
    if (!this.departments.has(department)) {
      const asked = communesOf(department).then((collection) => {
        for (const [id, holder] of Object.entries(collection.holders)) this.holders.set(Number(id), holder);
        for (const feature of collection.features) this.features.set(feature.id, feature);
        this.learn(collection.features.map((feature) => feature.properties));
        onLoaded(collection);
        return collection;
      });
      this.departments.set(department, asked);
      asked.catch(() => this.departments.delete(department));
    }
    return this.departments.get(department);
  }

  // Loads the departments of these communes; a department that fails is left out.
  async loadAll(codes, onLoaded) {
    const departments = [...new Set(codes.map(departmentOf))];
    await Promise.allSettled(departments.map((department) => this.load(department, onLoaded)));
  }
}
