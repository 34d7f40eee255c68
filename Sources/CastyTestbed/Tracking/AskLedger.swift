package import CastyActors
package import CastyCore
package import CastyPlacement
import Synchronization

/// The questions that a testbed has asked, each from its start to its end.
package final class AskLedger: Sendable {
    package struct Question: Sendable {
        /// The number of its envelope.
        package let number: UInt64
        package let entity: String
        /// The role of the nodes that may host the entity.
        package let role: String?
        package let asker: UniqueAddress
        package let patience: AskPatience
        package var end: End?
    }

    package struct End: Sendable {
        package let time: Instant
        /// Why there was no reply; `nil` where there was one.
        package let code: AskError.Code?
    }

    private let questions = Mutex<[UInt64: Question]>([:])

    func begin(_ question: Question) { questions.withLock { $0[question.number] = question } }

    func end(_ number: UInt64, at time: Instant, _ code: AskError.Code?) {
        questions.withLock { $0[number]?.end = End(time: time, code: code) }
    }

    /// The open questions, and those that ended since the last call, in the order in which they were asked.
    package func take() -> [Question] {
        questions.withLock { questions in
            let all = questions.sorted { $0.key < $1.key }.map(\.value)
            for question in all where question.end != nil { questions[question.number] = nil }
            return all
        }
    }
}
