import CastyActors
import CastyCore
import Synchronization

/// A mailbox that only counts: takes one message or more a turn, and notices overlapping turns.
final class TurnProbe: Sendable {
    private struct State {
        var waiting: [Int] = []
        var isScheduled = false
        var item: WorkItem?
    }

    private let state = Mutex(State())
    private let dispatcher: any Dispatcher
    private let handle: @Sendable (Int) -> Void
    private let isInTurn = Atomic<Bool>(false)
    private let handledCount = Atomic<Int>(0)
    private let overlapCount = Atomic<Int>(0)
    private let outOfOrderCount = Atomic<Int>(0)
    private let lastPerSender: Mutex<[Int: Int]> = Mutex([:])

    init(_ dispatcher: any Dispatcher, handle: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.dispatcher = dispatcher
        self.handle = handle
    }

    var handled: Int { handledCount.load(ordering: .acquiring) }
    var overlaps: Int { overlapCount.load(ordering: .acquiring) }
    var outOfOrder: Int { outOfOrderCount.load(ordering: .acquiring) }
    var isScheduled: Bool { state.withLock { $0.isScheduled } }

    /// A message of a sender that numbers its messages.
    func tell(sender: Int, number: Int) { tell(sender << 32 | number) }

    func tell(_ message: Int) {
        let item: WorkItem? = state.withLock { state in
            state.waiting.append(message)
            if state.isScheduled { return nil }
            state.isScheduled = true
            let item = state.item ?? WorkItem { self.turn() }
            state.item = item
            return item
        }
        if let item { dispatcher.execute(item) }
    }

    private func turn() {
        if isInTurn.exchange(true, ordering: .acquiringAndReleasing) { overlapCount.add(1, ordering: .relaxed) }
        let batch = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for message in batch {
            let sender = message >> 32
            let number = message & 0xFFFF_FFFF
            let last = lastPerSender.withLock { $0.updateValue(number, forKey: sender) ?? -1 }
            if number <= last { outOfOrderCount.add(1, ordering: .relaxed) }
            handle(message)
            handledCount.add(1, ordering: .releasing)
        }
        isInTurn.store(false, ordering: .releasing)
        let again: WorkItem? = state.withLock { state in
            if state.waiting.isEmpty {
                state.isScheduled = false
                return nil
            }
            return state.item
        }
        if let again { dispatcher.execute(again) }
    }
}
