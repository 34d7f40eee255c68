import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario

/// What the console tells a worker: a process that is a simulated run, or a checkpoint of one.
enum WorkerOrder: Hashable, Sendable, Codable {
    /// A request of the user, as a line of the palette.
    case request(String)
    case preview([String])
    /// Whether the messages between the nodes are shown.
    case observe(Bool)
    /// To a checkpoint: a copy of it comes alive, at the start of the run or for a jump.
    case wake(TimeJump?)
    /// To a run that wants to jump: no checkpoint can replace it.
    case stay
}

/// What a worker tells the console.
enum WorkerReport: Sendable, Codable {
    /// The run is there, as a checkpoint at its start.
    case ready(WorkerPicture)
    /// The run cannot begin.
    case failed(String)
    /// What is to be shown, as the difference to the picture before; after a jump with what was before it.
    case picture(PictureChange, RecentPast?)
    /// The events from an index on; earlier ones are known.
    case events(from: Int, [RuntimeEvent])
    case progress(RunProgress?)
    case says(ConsoleMessage)
    /// A checkpoint was made; its channel comes with this.
    case checkpoint(at: Instant, commands: Int)
    /// No checkpoint could be made.
    case noCheckpoint(String)
    case branched(at: Instant, commands: Int, events: Int)
    /// The copy for a future was made; its channel comes with this.
    case imagines(Hypothesis, Int)
    /// A future: how far it is.
    case imagined(Instant)
    /// A future: what came of it.
    case outcome(FutureOutcome)
    /// A future: why there is none.
    case impossible(String)
    /// The run asks for a jump after it has carried out a number of requests.
    case jumps(TimeJump, from: Instant, served: Int)
    /// A checkpoint: its copy is alive; the channel of the copy comes with this.
    case awake
    /// A checkpoint: the system refuses a copy.
    case refused(String)
}

/// What a run publishes several times a second.
struct WorkerPicture: Hashable, Sendable, Codable {
    let snapshot: ClusterSnapshot
    let isScriptDone: Bool
    let caption: Caption?
    let watches: [WatchStatus]
    /// How many requests were carried out.
    let served: Int
    /// How many events there are, and their digest.
    let events: Int
    let digest: UInt64
}

/// How a picture differs from the one before it on the same channel.
struct PictureChange: Hashable, Sendable, Codable {
    private let snapshot: SnapshotChange
    private let isScriptDone: Bool
    private let caption: Caption?
    private let watches: [WatchStatus]
    private let served: Int
    private let events: Int
    private let digest: UInt64

    /// - Parameter old: `nil` for the first picture on a channel.
    init(from old: WorkerPicture?, to new: WorkerPicture) {
        snapshot = SnapshotChange(from: old?.snapshot, to: new.snapshot)
        (isScriptDone, caption, watches, served) = (new.isScriptDone, new.caption, new.watches, new.served)
        (events, digest) = (new.events, new.digest)
    }

    /// The new picture; `nil` if the change does not fit the earlier one.
    func applied(to old: WorkerPicture?) -> WorkerPicture? {
        snapshot.applied(to: old?.snapshot).map { snapshot in
            WorkerPicture(
                snapshot: snapshot, isScriptDone: isScriptDone, caption: caption, watches: watches, served: served,
                events: events, digest: digest)
        }
    }
}

extension ConsoleRequest {
    /// The request as a line of the palette.
    var line: String {
        switch self {
        case .command(let command): "\(command)"
        case .control(let control): "\(control)"
        }
    }

    /// Reads a line of the palette that is a request to a run.
    init?(line: String) {
        switch try? PaletteLine.parse(line) {
        case .command(let command): self = .command(command)
        case .console(.run(let control), at: nil): self = .control(control)
        case .console, nil: return nil
        }
    }
}
