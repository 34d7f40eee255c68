package import CastyCore
import CastyObservability

/// Finds the questions inside messages, so that the asker is notified when a message will never be answered.
package enum Questions {
    /// Notifies every ask that waits for a reply to this message that none will come. An ask that is already complete
    /// ignores the notice.
    ///
    /// - Parameters:
    ///   - message: A message that will not be fully handled. References in it that wait for a reply are found wherever
    ///     they are.
    ///   - code: The reason.
    ///   - reason: The reason in words.
    ///   - cause: Why the entity or the singleton cannot be reached, if that is the reason.
    package static func fail<Message: Sendable>(
        in message: Message, _ code: AskError.Code, _ reason: String, cause: Unavailability? = nil
    ) {
        let found = askers(in: message)
        guard !found.isEmpty else { return }
        let short = String(String.UnicodeScalarView(reason.unicodeScalars.prefix(200)))
        for target in found { target.questionFailed(AskFailure(code, short, cause: cause)) }
    }

    /// A message that was sent to another node has come back to this one. Its question no longer depends on that node.
    package static func cameBack<Message: Sendable>(in message: Message) {
        for target in askers(in: message) { target.questionLeft(for: target.system.address) }
    }

    private static func askers<Message: Sendable>(in message: Message) -> [AnyActorCell] {
        var search = Search()
        search.look(into: message, depth: 0)
        return search.found
    }

    /// Messages are trees of values and rarely deep. A question beyond these bounds is not found and times out.
    private struct Search {
        var found: [AnyActorCell] = []
        private var left = 200

        mutating func look(into value: Any, depth: Int) {
            left -= 1
            if let ref = value as? any ReplyReference {
                if ref.anyTarget.traffic == .reply { found.append(ref.anyTarget) }
                return
            }
            guard depth < 8, !(value is String) else { return }
            let mirror = Mirror(reflecting: value)
            // Objects may form cycles, and they are not sent over the network. Only the runtime puts a message into
            // one.
            if mirror.displayStyle == .class, depth > 0, !(value is any MessageBox) { return }
            for child in mirror.children {
                guard left > 0 else { return }
                look(into: child.value, depth: depth + 1)
            }
        }
    }
}

/// A reference of any message type.
private protocol ReplyReference {
    var anyTarget: AnyActorCell { get }
}

extension ActorRef: ReplyReference {
    fileprivate var anyTarget: AnyActorCell { target }
}
