import { MemoryStore } from "../../src/store/memory.ts";
import { storeConformance } from "../helpers/store_conformance.ts";

storeConformance("MemoryStore", () => new MemoryStore());
