import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement

/// The incarnations that a shell runs, by number.
struct RunningCells: Sendable {
    private var cells: [UInt64: AnyActorCell] = [:]
    /// Messages that arrived for an incarnation after it ended, but before the core learned of its end.
    private var late: [UInt64: [ErasedMessage]] = [:]

    var isEmpty: Bool { cells.isEmpty }

    func contains(_ number: UInt64) -> Bool { cells[number] != nil }

    mutating func add(_ number: UInt64, _ cell: AnyActorCell) { cells[number] = cell }

    /// Forgets an incarnation that has ended.
    ///
    /// - Returns: The messages that have arrived for it since, in order.
    mutating func remove(_ number: UInt64) -> [ErasedMessage] {
        cells[number] = nil
        return late.removeValue(forKey: number) ?? []
    }

    func stop(_ number: UInt64, _ mode: StopMode) {
        switch mode {
        case .afterMailbox: cells[number]?.stopAfterMailbox()
        case .now: cells[number]?.post(.stop)
        }
    }

    func resume(_ number: UInt64) { cells[number]?.post(.resume) }

    /// Puts a message into the mailbox of an incarnation.
    ///
    /// - Returns: Why the message is lost; `nil` if it is not.
    mutating func deliver<Command, Subject>(
        _ message: ErasedMessage, to number: UInt64, of kind: ActorKind<Command, Subject>
    ) -> LossReason? {
        guard let cell = cells[number] else { return .noSuchActor }
        switch cell.system.carrying(message, { kind.offer(message, cell) }) {
        case .accepted, .acceptedIdle, .accounted: return nil
        case .refused(let reason):
            if reason.concernsMessage { return reason }
            keep(message, for: number)
            return nil
        }
    }

    /// Keeps a message for an incarnation that does not run any more until the core learns of its end.
    mutating func keep(_ message: ErasedMessage, for number: UInt64) { late[number, default: []].append(message) }

    /// Takes the messages for incarnations of whose end the core will not learn.
    mutating func removeLate() -> [ErasedMessage] {
        defer { late = [:] }
        return late.sorted { $0.key < $1.key }.flatMap(\.value)
    }
}
