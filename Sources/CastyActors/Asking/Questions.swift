import CastyInspection
import CastyPrimitives

/// Finds the questions inside messages, so that whoever asked is told when a message will never be answered.
package enum Questions {
    /// Tells everybody who waits for a reply to this message why none will come. Where the reply is under way or has come, nothing happens.
    ///
    /// - Parameters:
    ///   - message: A message that will not be handled to its end; references in it that wait for a reply are found wherever they stand.
    ///   - code: Why.
    ///   - reason: The same for a person.
    package static func fail<Message: Sendable>(in message: Message, _ code: AskError.Code, _ reason: String) {
        var search = Search()
        search.look(into: message, depth: 0)
        guard !search.found.isEmpty else { return }
        let short = String(String.UnicodeScalarView(reason.unicodeScalars.prefix(200)))
        for target in search.found { target.post(.unanswered(code, short)) }
    }

    /// Messages are trees of values and rarely deep; what lies behind these bounds is not found, and its question times out.
    private struct Search {
        var found: [AnyTarget] = []
        private var left = 200

        mutating func look(into value: Any, depth: Int) {
            left -= 1
            if let ref = value as? any ReplyReference {
                if ref.anyTarget.traffic == .reply { found.append(ref.anyTarget) }
                return
            }
            guard depth < 8, !(value is String) else { return }
            let mirror = Mirror(reflecting: value)
            // Objects may lead back to themselves, and do not travel; only the runtime puts a message into one.
            if mirror.displayStyle == .class, depth > 0, !(value is any MessageBox) { return }
            for child in mirror.children {
                guard left > 0 else { return }
                look(into: child.value, depth: depth + 1)
            }
        }
    }
}

/// A reference, whatever it takes.
private protocol ReplyReference {
    var anyTarget: AnyTarget { get }
}

extension ActorRef: ReplyReference {
    fileprivate var anyTarget: AnyTarget { target }
}
