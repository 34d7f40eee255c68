import CastyActors
import CastyCore
import CastyPlacement
import Logging

/// The messages to the actor that wakes the entities of one type on one node.
enum ReminderCommand: Sendable {
    /// Something may be due.
    case tick
    /// The store has been read.
    case read(Result<[EntityWake], any Error>)
    /// An incarnation here has loaded or saved its state: this is its next time.
    case known(entity: String, next: WallTime?)
    /// A shard runs here that did not: what is due in it is not known yet.
    case shardStarted
}

/// Wakes the entities of one type whose shards run on this node when something is due for them: interprets
/// ``ReminderSchedule``. Shards without a home get one: after a restart of the cluster nobody may send a message.
struct ReminderShell: Sendable {
    private static let timer = "tick"
    /// Many shards often start together: one read serves them all.
    private static let gathering = Duration.milliseconds(500)
    private static let page = 1000

    private let host: RegionHost
    private let store: any RemindingEntityStore
    private let region: ActorRef<RegionCommand>
    private var schedule = ReminderSchedule()
    private var nextRead = Instant.start
    private var isReading = false
    /// Whether the last read failed, and a warning said so.
    private var hasFailed = false

    static func behavior(
        _ host: RegionHost, _ store: any RemindingEntityStore, _ region: ActorRef<RegionCommand>
    ) -> Behavior<ReminderCommand> {
        .setup { context in
            context.timers.start(timer, .tick, after: gathering)
            return .stateful(ReminderShell(host: host, store: store, region: region)) { shell, context, command in
                shell.handle(command, context)
                return .same
            }
        }
    }

    private init(host: RegionHost, store: any RemindingEntityStore, region: ActorRef<RegionCommand>) {
        (self.host, self.store, self.region) = (host, store, region)
    }

    private mutating func handle(_ command: ReminderCommand, _ context: ActorContext<ReminderCommand>) {
        let clock = context.system.world.wallClock.now
        switch command {
        case .tick: break
        case .shardStarted: nextRead = min(nextRead, context.now + Self.gathering)
        case .known(let entity, let next): schedule.onKnown(entity, next: next, now: clock)
        case .read(let result): finishRead(result, clock, context)
        }
        for entity in schedule.takeDue(now: clock, wakes: host.wakes) { region.tell(.wake(entity: entity)) }
        readIfDue(clock, context)
        let wait = min(schedule.wait(now: clock), isReading ? ReminderSchedule.pollInterval : nextRead - context.now)
        context.timers.start(Self.timer, .tick, after: max(wait, .zero))
    }

    private mutating func readIfDue(_ clock: WallTime, _ context: ActorContext<ReminderCommand>) {
        guard !isReading, nextRead <= context.now else { return }
        isReading = true
        let (store, type, through) = (store, host.type, clock + ReminderSchedule.horizon)
        context.pipeToSelf({ try await Self.read(store, type, through) }) { .read($0) }
    }

    private static func read(
        _ store: any RemindingEntityStore, _ type: String, _ through: WallTime
    ) async throws -> [EntityWake] {
        var all: [EntityWake] = []
        while all.count < ReminderSchedule.limit {
            let found = try await store.wakes(of: type, through: through, after: all.last, limit: page)
            all += found
            if found.count < page { break }
        }
        return all
    }

    private mutating func finishRead(
        _ result: Result<[EntityWake], any Error>, _ clock: WallTime, _ context: ActorContext<ReminderCommand>
    ) {
        isReading = false
        nextRead = context.now + ReminderSchedule.pollInterval
        switch result {
        case .success(let wakes):
            hasFailed = false
            for wake in wakes where host.wakes(wake.id) { schedule.onRead(wake.id, at: wake.at, now: clock) }
        case .failure(let error):
            if !hasFailed { context.log.warning("\(host.type): the reminders cannot be read, and are late: \(error)") }
            hasFailed = true
        }
    }
}
