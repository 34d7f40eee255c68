import CastyActors
import CastyCore
import CastySharding

/// The sample entities of every testbed: an account with a store, and a counter without one.
package enum SampleEntity: String, CaseIterable, Sendable {
    /// `deposit N`, `withdraw N`, `balance`; restores its balance when it starts.
    case account
    /// `add N`, `get`; starts from zero each time.
    case counter

    /// The behavior of one incarnation of an entity.
    func behavior(_ entity: EntityContext, _ hooks: SampleHooks) -> Behavior<EntityCommand> {
        .setup { _ in
            try hooks.starting(entity)
            guard entity.store != nil else { return running(entity, hooks, from: 0) }
            return .awaiting {
                // A state that cannot be read is an error, not a zero: the start fails and is retried.
                let saved = try await entity.load().map { try Self.number($0) } ?? 0
                return running(entity, hooks, from: saved)
            }
        }
    }

    /// The behavior with a balance.
    private func running(_ entity: EntityContext, _ hooks: SampleHooks, from start: Int) -> Behavior<EntityCommand> {
        .stateful(start) { value, context, command in
            try hooks.handled(entity, command)
            switch apply(command.text, to: value) {
            case .value(let new):
                let (time, saves) = (hooks.duration(), new != value && entity.store != nil)
                if !saves, time == nil {
                    value = new
                    command.replyTo?.tell(EntityReply(String(new)))
                    return .same
                }
                let system = context.system
                return .awaiting {
                    if let time { try await system.sleep(for: time) }
                    if saves, let end = await refusal(of: new, by: entity, hooks, command) { return end }
                    command.replyTo?.tell(EntityReply(String(new)))
                    return running(entity, hooks, from: new)
                }
            case .explosion: throw SampleFailure("\(entity.id) got the message explode")
            case .refusal(let reason): command.replyTo?.tell(EntityReply(reason))
            case .misunderstood(let reason):
                hooks.misunderstood(entity, command)
                command.replyTo?.tell(EntityReply(reason))
            }
            return .same
        }
    }

    /// Saves a balance. Returns what to do where the store refuses it, and tells the asker.
    private func refusal(
        of balance: Int, by entity: EntityContext, _ hooks: SampleHooks, _ command: EntityCommand
    ) async -> Behavior<EntityCommand>? {
        do throws(EntityStoreError) {
            // Saved before the reply: an acknowledged balance survives a crash.
            try await entity.save(Array(String(balance).utf8))
            hooks.saved(entity)
            return nil
        } catch {
            hooks.refused(entity, error)
            command.replyTo?.tell(EntityReply("refused: the store is \(error.code.rawValue)"))
            // A change that is known not to be saved has no effect. Otherwise the next incarnation loads what is saved.
            return error.endsIncarnation ? .stopped : .same
        }
    }

    enum Outcome {
        case value(Int)
        case refusal(String)
        case misunderstood(String)
        case explosion
    }

    func apply(_ text: String, to value: Int) -> Outcome {
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
