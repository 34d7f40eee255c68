import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement

/// Whom a user's message is for: an entity of a shard type, or a singleton.
struct Addressee: Sendable {
    /// The shard type, or the name of the singleton.
    let type: String
    var shard: Int?
    var entity: String?
}

extension Inspector {
    /// Records the loss of a user's message; a question fails for that reason.
    func lose(
        _ message: ErasedMessage, for addressee: Addressee, _ reason: LossReason,
        causes: [EventID] = []
    ) {
        Questions.fail(in: message, AskError.Code(reason), reason.explanation)
        count(reason, addressee, causes)
    }

    /// Fails a question with the reason why it is not answered, and records the loss.
    func refuse(
        _ message: ErasedMessage, for addressee: Addressee, _ cause: Unavailability, causes: [EventID] = []
    ) {
        Questions.fail(in: message, AskError.Code(cause), cause.description, cause: cause)
        count(LossReason(cause), addressee, causes)
    }

    private func count(_ reason: LossReason, _ addressee: Addressee, _ causes: [EventID]) {
        lose(
            reason, .user, target: addressee.entity ?? addressee.type, type: addressee.type, shard: addressee.shard,
            entity: addressee.entity, causes: causes)
    }
}
