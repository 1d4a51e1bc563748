/** The bot that is there from the start. The same at every start, so that a cluster that knows it finds it again. */
export const demoBot = {
  username: "demo_bot",
  firstName: "Demo",
  token: "7000000001:rookery-simulator-demo-bot-token",
} as const;
