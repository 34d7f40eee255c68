import CastyActors
import CastyCore
import CastySerialization
import NIOCore

/// Signals between two nodes about the end of actors and the failure of asks.
enum RemoteSignal: Sendable, Equatable {
    /// The watcher wants a report when the watched actor ends.
    case watch(watcher: ActorAddress, watched: ActorAddress)
    case unwatch(watcher: ActorAddress, watched: ActorAddress)
    /// The watched actor has ended.
    case terminated(watcher: ActorAddress, watched: ActorAddress, Terminated.Reason)
    /// The asker gets no reply, and why.
    case unanswered(asker: ActorAddress, AskError.Code, String)
}

extension RemoteSignal {
    /// About how many bytes it takes while it waits.
    var heldBytes: Int {
        switch self {
        case .watch(let watcher, let watched), .unwatch(let watcher, let watched),
            .terminated(let watcher, let watched, _):
            64 + watcher.announcementCost + watched.announcementCost
        case .unanswered(let asker, _, let reason): 64 + asker.announcementCost + reason.utf8.count
        }
    }
}

extension RemoteSignal: NativeCodable {
    private enum Tag: UInt8 {
        case watch = 1
        case unwatch = 2
        case terminated = 3
        case unanswered = 4
    }

    func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .watch(let watcher, let watched): Self.write(.watch, watcher, watched, into: &buffer)
        case .unwatch(let watcher, let watched): Self.write(.unwatch, watcher, watched, into: &buffer)
        case .terminated(let watcher, let watched, let reason):
            Self.write(.terminated, watcher, watched, into: &buffer)
            buffer.writeInteger(reason.number)
        case .unanswered(let asker, let code, let reason):
            buffer.writeInteger(Tag.unanswered.rawValue)
            asker.encode(into: &buffer)
            buffer.writeInteger(code.number)
            buffer.writeText(reason)
        }
    }

    private static func write(
        _ tag: Tag, _ watcher: ActorAddress, _ watched: ActorAddress, into buffer: inout ByteBuffer
    ) {
        buffer.writeInteger(tag.rawValue)
        watcher.encode(into: &buffer)
        watched.encode(into: &buffer)
    }

    init(from buffer: inout ByteBuffer) throws(WireError) {
        let number = try buffer.readByte()
        guard let tag = Tag(rawValue: number) else { throw WireError(.malformed, "there is no signal \(number)") }
        let watcher = try ActorAddress(from: &buffer)
        if case .unanswered = tag {
            let code = AskError.Code(number: try buffer.readByte())
            self = .unanswered(asker: watcher, code, try buffer.readText(upTo: 1024))
            return
        }
        let watched = try ActorAddress(from: &buffer)
        switch tag {
        case .watch: self = .watch(watcher: watcher, watched: watched)
        case .unwatch: self = .unwatch(watcher: watcher, watched: watched)
        case .terminated:
            self = .terminated(watcher: watcher, watched: watched, Terminated.Reason(number: try buffer.readByte()))
        case .unanswered: throw WireError(.malformed, "a signal of two actors has only one")
        }
    }
}

extension AskError.Code {
    /// The byte on the wire.
    fileprivate var number: UInt8 {
        switch self {
        case .timedOut: 0
        case .noSuchActor: 1
        case .unreachable: 2
        case .mailboxFull: 3
        case .cancelled: 4
        case .failed: 5
        case .notEncodable: 6
        case .notDecodable: 7
        case .tooLarge: 8
        case .nodeRemoved: 9
        case .notHosted: 10
        case .noHome: 11
        case .shutdown: 12
        }
    }

    /// The code for a byte. A code of a later version counts as a failure.
    fileprivate init(number: UInt8) {
        self = Self.allCases.first { $0.number == number } ?? .failed
    }
}

extension Terminated.Reason {
    /// The byte on the wire.
    fileprivate var number: UInt8 {
        switch self {
        case .stopped: 0
        case .failed: 1
        case .noSuchActor: 2
        case .nodeRemoved: 3
        }
    }

    /// The reason for a byte. A reason of a later version counts as an ordinary end.
    fileprivate init(number: UInt8) {
        switch number {
        case 1: self = .failed
        case 2: self = .noSuchActor
        case 3: self = .nodeRemoved
        default: self = .stopped
        }
    }
}
