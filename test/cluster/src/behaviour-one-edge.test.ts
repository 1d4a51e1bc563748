import { describeBehaviours } from "./behaviour/matrix.ts";

describeBehaviours("one edge", { edges: 1, workers: 1 });
