import CastyActors
import Synchronization

/// Sends parcels and questions from actors of one node to receivers on another.
struct Traffic {
    /// The system of the senders.
    let system: ActorSystem
    /// Sends a parcel of the batch of this number.
    let tell: @Sendable (_ batch: Int, Parcel) -> Void
    /// Asks the question of this number, for one of several callers.
    let ask: @Sendable (ActorContext<Caller>, _ caller: Int, _ number: Int) -> Void

    enum Caller: Sendable {
        case next
        case answered(Result<Answer, AskError>)
    }

    private static let batch = 500
    /// The most batches in flight: enough to keep both ends busy, far fewer than the queues can hold.
    private static let window = 16

    /// Sends texts from one actor; the receipt for a batch lets it send another.
    ///
    /// - Returns: The messages per second.
    func tell(bytes: Int, count: Int) throws -> Double {
        let done = Gate()
        let total = count / Self.batch * Self.batch
        let parcel = Parcel(text: String(repeating: "x", count: bytes), receipt: nil)
        let tell = tell
        let sender = try system.spawn(
            Behavior<Receipt>.stateful((left: total, arrived: 0, batch: 0)) { state, context, receipt in
                state.arrived += receipt.count
                if state.arrived == total {
                    done.open()
                    return .stopped
                }
                let last = Parcel(text: parcel.text, receipt: context.`self`)
                for _ in 0..<(receipt.count == 0 ? Self.window : 1) where state.left > 0 {
                    for _ in 1..<Self.batch { tell(state.batch, parcel) }
                    tell(state.batch, last)
                    state.batch += 1
                    state.left -= Self.batch
                }
                return .same
            })
        let started = Stopwatch()
        sender.tell(Receipt(count: 0))
        try done.wait(seconds: 60)
        return Double(total) / started.seconds
    }

    /// Runs `callers` actors, each of which asks repeatedly; returns the latencies and the total time.
    func ask(callers: Int, count: Int) throws -> (latencies: LatencyHistogram, seconds: Double) {
        let done = Gate()
        let working = Shared(callers)
        let all = LatencyHistogram.Sum()
        let failure = Failure()
        let share = count / callers
        let ask = ask
        let actors = try (0..<callers).map { caller in
            try system.spawn(
                Behavior<Caller>.stateful((latencies: LatencyHistogram(), answers: 0, since: Stopwatch())) {
                    state, context, message in
                    if case .answered(let result) = message {
                        state.latencies.record(nanoseconds: state.since.nanoseconds)
                        state.answers += 1
                        if case .failure(let error) = result { failure.note(error) }
                        if state.answers == share {
                            all.add(state.latencies)
                            if working.value.wrappingSubtract(1, ordering: .relaxed).newValue == 0 { done.open() }
                            return .stopped
                        }
                    }
                    let number = state.answers
                    state.since = Stopwatch()
                    ask(context, caller, number)
                    return .same
                })
        }
        let started = Stopwatch()
        for actor in actors { actor.tell(.next) }
        try done.wait(seconds: 60)
        let seconds = started.seconds
        try failure.check()
        return (all.value, seconds)
    }
}
