import CastyObservability

/// The explanation of an event, oldest first: its causes, down to events that only a person can have caused; the event;
/// what followed from it; and the story that it is a part of.
enum WhyEvent {
    static func lines(_ event: RuntimeEvent, _ scene: Scene) -> [WhyPane.Line] {
        let log = scene.feed.log
        let group = log.number(of: event.id).map { log.group(of: $0) }
        let words = EventWords(event, log, scene.words, group: group)
        var lines = chain(to: event, log).reversed().map { cause in
            let words = EventWords(cause, log, scene.words)
            let you = cause.isByPerson ? "you: " : ""
            return line(cause, words, "\(you)\(words.subject) \(words.what)", words.role)
        }
        let isFirst = lines.isEmpty
        lines.append(line(event, words, "\(words.subject) \(words.what)", .strong))
        if let group, group.count > 1, let last = group.last {
            lines.append(.init("", "×\(group.count), the last at \(Words.moment(last))", .dim))
        }
        if let entity = event.entity { lines.append(.init("entity", entity)) }
        for effect in log.events.lazy.filter({ $0.causes.contains(event.id) }).prefix(6) {
            let words = EventWords(effect, log, scene.words)
            lines.append(line(effect, words, "so \(words.subject) \(words.what)", .dim))
        }
        if let story = scene.feed.stories.story(of: event) {
            if isFirst, event.isByPerson { lines.append(.init("", origin(of: event), .dim)) }
            lines.append(.init("", "the story", .column))
            lines += WhyStory.lines(story, title: false)
        } else if isFirst {
            lines.append(.init("", origin(of: event), .dim))
        }
        if let number = event.line { lines.append(.init("line", "\(number) of the scenario", .faint)) }
        return lines
    }

    /// What is known of an event without causes.
    private static func origin(of event: RuntimeEvent) -> String {
        if event.kind == .messageLost { return "no event tells what led to it" }
        if event.isByPerson { return "by you: nothing in the cluster led to it" }
        return "nothing in the cluster led to it: a first cause"
    }

    private static func line(
        _ event: RuntimeEvent, _ words: EventWords, _ text: String, _ role: Role
    ) -> WhyPane.Line {
        .init("\(Words.moment(event.time)) \(words.mark)", text, role)
    }

    /// The causes, nearest first.
    private static func chain(to event: RuntimeEvent, _ log: EventLog) -> [RuntimeEvent] {
        var chain: [RuntimeEvent] = []
        var seen: Set<EventID> = [event.id]
        var open = [event]
        while !open.isEmpty, chain.count < 40 {
            let event = open.removeFirst()
            // A person's action precedes the nodes' reactions to it: it is the cause that the nodes cannot see.
            let causes = [log.actualCause(behind: event)].compactMap(\.self) + event.causes.compactMap { log.event($0) }
            for cause in causes where seen.insert(cause.id).inserted {
                chain.append(cause)
                open.append(cause)
            }
        }
        // Stable in the order of their causes where times are equal.
        return chain.enumerated().sorted { ($1.element.time, $0.offset) < ($0.element.time, $1.offset) }.map(\.element)
    }
}
