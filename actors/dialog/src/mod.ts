export { openDialogDecider } from "./decider.ts";
