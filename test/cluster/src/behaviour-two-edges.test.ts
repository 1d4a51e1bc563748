import { describeBehaviours } from "./behaviour/matrix.ts";

describeBehaviours("two edges", { edges: 2, workers: 2 });
