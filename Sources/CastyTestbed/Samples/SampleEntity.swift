import CastyActors
import CastyCore
import CastySharding
import Synchronization

/// The sample entities of every testbed: an account with a store, and a counter without one.
package enum SampleEntity: String, CaseIterable, Sendable {
    /// `deposit N`, `withdraw N`, `balance`; restores its balance when it starts.
    case account
    /// `add N`, `get`; starts from zero each time.
    case counter

    /// The behavior of one incarnation of an entity.
    ///
    /// - Parameters:
    ///   - starting: Called first; throws if the entity is to fail.
    ///   - handled: Called with each command when its handling begins; throws if the handler is to fail.
    ///   - taking: Runs the handler's work, and gets a flag that says whether it writes: at once, or at the end of its
    ///     simulated duration.
    ///   - misunderstood: Called with each command that this entity does not understand.
    ///   - refused: Called with each change that the store rejected.
    func behavior(
        _ entity: EntityContext, starting: @escaping @Sendable (EntityContext) throws -> Void = { _ in },
        handled: @escaping @Sendable (EntityContext, EntityCommand) throws -> Void,
        misunderstood: @escaping @Sendable (EntityContext, EntityCommand) -> Void = { _, _ in },
        refused: @escaping @Sendable (EntityContext, EntityStoreError) -> Void = { _, _ in },
        taking: @escaping @Sendable (_ writes: Bool, _ work: @escaping @Sendable () -> Void) -> Void = { $1() }
    ) -> Behavior<EntityCommand> {
        .setup { _ in
            try starting(entity)
            // A state that cannot be read is an error, not a zero: the start fails and is retried.
            let saved = try entity.load().map { try Self.number($0) } ?? 0
            let balance = Balance(saved)
            return .receive { _, command in
                try handled(entity, command)
                let value = balance.value
                let outcome = apply(command.text, to: value)
                switch outcome {
                case .value(let new):
                    taking(new != value && entity.store != nil) {
                        do {
                            // Saved before the reply: an acknowledged balance survives a crash.
                            if new != value { try entity.save(Array(String(new).utf8)) }
                            balance.value = new
                            command.replyTo?.tell(EntityReply(String(new)))
                        } catch {
                            // A change that cannot be saved has no effect; the entity continues with the saved state.
                            let error = error as? EntityStoreError ?? EntityStoreError(.unavailable, "\(error)")
                            refused(entity, error)
                            command.replyTo?.tell(EntityReply("refused: the store is \(error.code.rawValue)"))
                        }
                    }
                case .explosion: throw SampleFailure("\(entity.id) got the message explode")
                case .refusal(let reason): command.replyTo?.tell(EntityReply(reason))
                case .misunderstood(let reason):
                    misunderstood(entity, command)
                    command.replyTo?.tell(EntityReply(reason))
                }
                return .same
            }
        }
    }

    /// The state of one incarnation: changed at the end of a handler, by one handler at a time.
    private final class Balance: Sendable {
        private let state: Mutex<Int>

        init(_ value: Int) { state = Mutex(value) }

        var value: Int {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    private enum Outcome {
        case value(Int)
        case refusal(String)
        case misunderstood(String)
        case explosion
    }

    private func apply(_ text: String, to value: Int) -> Outcome {
        let words = text.split(separator: " ")
        let amount = words.count == 2 ? Int(words[1]) : nil
        switch (self, words.first ?? "", amount) {
        case (_, "start", nil): return .value(value)
        case (_, "explode", nil): return .explosion
        case (.account, "balance", nil), (.counter, "get", nil): return .value(value)
        case (.account, "deposit", let amount?) where amount >= 0: return Self.sum(value, amount)
        case (.account, "withdraw", let amount?) where amount >= 0:
            return amount > value ? .refusal("refused: balance \(value)") : .value(value - amount)
        case (.counter, "add", let amount?): return Self.sum(value, amount)
        case (.account, _, _): return .misunderstood("not understood: \(text); say deposit N, withdraw N or balance")
        case (.counter, _, _): return .misunderstood("not understood: \(text); say add N or get")
        }
    }

    private static func sum(_ value: Int, _ amount: Int) -> Outcome {
        let (sum, overflow) = value.addingReportingOverflow(amount)
        return overflow ? .refusal("refused: too large") : .value(sum)
    }

    private static func number(_ bytes: [UInt8]) throws -> Int {
        guard let text = String(validating: bytes, as: UTF8.self), let number = Int(text) else {
            throw EntityStoreError(.corrupt, "a balance is not a number")
        }
        return number
    }
}
