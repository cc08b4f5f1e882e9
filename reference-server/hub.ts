/**
 * Who hears what: topics, their subscribers, and nothing else. In memory today; the interface is narrow enough for a
 * broker behind it (a message is data, a topic a string), which is why it knows no connection and no room.
 */
export interface Hub<Message> {
  /** Hands the message to every subscriber of the topic, in the order in which they came. */
  publish(topic: string, message: Message): void;
  /** Subscribes until the returned function is called. */
  subscribe(topic: string, receive: (message: Message) => void): Leave;
  /** How many hear the topic now. */
  count(topic: string): number;
}

/** Ends one subscription; calling it again does nothing. */
export type Leave = () => void;

/** Makes a hub in memory. A subscriber that throws is reported to `onFault` and costs the others nothing. */
export function createHub<Message>(onFault: (fault: unknown) => void): Hub<Message> {
  const topics = new Map<string, Set<{ receive: (message: Message) => void }>>();
  return {
    publish(topic, message) {
      // A copy would cost 1 000 entries a message; a Set may be changed while it is walked.
      for (const subscriber of topics.get(topic) ?? []) {
        try {
          subscriber.receive(message);
        } catch (fault) {
          onFault(fault);
        }
      }
    },
    subscribe(topic, receive) {
      const subscriber = { receive };
      const subscribers = topics.get(topic) ?? new Set();
      subscribers.add(subscriber);
      topics.set(topic, subscribers);
      return () => {
        subscribers.delete(subscriber);
        if (subscribers.size === 0 && topics.get(topic) === subscribers) topics.delete(topic);
      };
    },
    count: (topic) => topics.get(topic)?.size ?? 0,
  };
}
