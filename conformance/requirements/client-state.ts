/** C-SM: order and state, as a client keeps them. */
import { protocol, type Requirement } from "./requirement.js";

export const clientState: readonly Requirement[] = [
  {
    id: "C-SM-01",
    role: "client",
    level: "MUST",
    title: "nothing is sent before it may be",
    sentence:
      "While the server withholds the event that opens the session, the client sends nothing but what is legal by then.",
    clause: protocol("lifecycle-9"),
    needs: ["opening"],
    observes: "wire",
  },
  {
    id: "C-SM-02",
    role: "client",
    level: "MUST",
    title: "refused credentials start no storm",
    sentence:
      "A client whose credentials are refused does what the table of close codes says, and never tries faster than its policy.",
    clause: protocol("close-codes-1"),
    needs: ["security"],
    observes: "wire",
  },
  {
    id: "C-SM-03",
    role: "client",
    level: "MUST",
    title: "events are delivered in their order",
    sentence:
      "On every legal walk the events that are delivered, and their order, equal those that were sent.",
    clause: protocol("delivery-1"),
    needs: ["events"],
    observes: "report",
  },
  {
    id: "C-SM-04",
    role: "client",
    level: "MUST",
    title: "an illegal event is told and survived",
    sentence: "An event that is illegal in its state is reported, and the client goes on.",
    clause: protocol("delivery-2"),
    needs: ["lifecycle"],
    observes: "report",
  },
];
