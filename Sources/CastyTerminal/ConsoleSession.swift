import CNCurses
import CastyConsole
import CastyObservability

/// The loop of the screen's thread: handles signals, keys and new data, and draws a frame if something changed.
///
/// Never waits for the cluster; the cluster never waits for it.
struct ConsoleSession: ~Copyable {
    private let backend: any ConsoleBackend
    private let frameTime: Int64
    private var state: ConsoleState
    private var feed = ConsoleFeed()
    private var buffer: CellBuffer
    private var keys = KeyReader()
    private var dirty = true
    private var attached = true
    private var resized = false
    private var lastFrame: Int64 = 0
    private var drawn = Drawn()

    /// The content of the last frame, used to skip identical frames.
    private struct Drawn: Equatable {
        var version: UInt64 = .max
        var time: Int64 = -1
        var events: Int = -1
        var outlook: PartitionForecast?
    }

    init(backend: any ConsoleBackend, options: ConsoleOptions) {
        self.backend = backend
        frameTime = Int64(1000 / max(1, min(60, options.framesPerSecond)))
        let tier = TerminalAbility.tier(options)
        state = ConsoleState(options: options, mode: backend.mode, tier: tier, depth: TerminalAbility.depth(options))
        buffer = CellBuffer(width: 0, height: 0, tier: tier)
        measure()
    }

    /// Runs until the user quits or a signal ends it; returns the exit code.
    mutating func loop() -> Int32 {
        while true {
            let now = cnc_milliseconds()
            let wait = attached ? max(0, frameTime - (now - lastFrame)) : 200
            let ready = cnc_wait(Int32(wait), attached)
            if let code = takeSignals() { return code }
            if ready & Int32(CNC_READY_HANGUP) != 0 { return 129 }
            if !attached {
                // The shell does not notify a background job that it is in the foreground again, so check.
                guard cnc_foreground() else { continue }
                reattach()
            }
            if ready & Int32(CNC_READY_INPUT) != 0, let code = takeKeys() { return code }
            if cnc_milliseconds() - lastFrame >= frameTime || dirty { frame() }
        }
    }

    private mutating func takeSignals() -> Int32? {
        while true {
            let number = cnc_next_signal()
            switch Int(number) {
            case 0: return nil
            case KnownSignal.interrupt:
                // From the keyboard it is a key; in the background it is not meant for the screen.
                if attached, let code = take(.control("c")) { return code }
            case KnownSignal.suspend: if attached { suspend() }
            case KnownSignal.resize: resized = true
            case KnownSignal.carryOn: if attached { resized = true }
            case KnownSignal.terminate, KnownSignal.hangUp, KnownSignal.quit: return 128 + number
            default: break
            }
        }
    }

    private mutating func takeKeys() -> Int32? {
        // ncurses holds bytes that poll cannot see: read until there are none.
        while let key = keys.next() {
            if let code = take(key) { return code }
        }
        return keys.gone ? 129 : nil
    }

    private mutating func take(_ key: Key) -> Int32? {
        dirty = true
        for intent in state.handle(key, feed: feed) {
            switch intent {
            case .submit(let request): backend.submit(request)
            case .quit: return key == .control("c") ? 130 : 0
            case .suspend: suspend()
            case .repaint:
                cnc_resize()
                measure()
            case .copy(let text): cnc_clipboard(Base64.encode(text))
            }
        }
        return nil
    }

    private mutating func suspend() {
        attached = false
        cnc_suspend()
        // Continued in the foreground; in the background the cluster continues without the screen.
        if cnc_foreground() { reattach() }
    }

    private mutating func reattach() {
        cnc_resume()
        attached = true
        resized = true
    }

    private mutating func measure() {
        var rows: Int32 = 0
        var columns: Int32 = 0
        cnc_size(&rows, &columns)
        state.resize(width: Int(columns), height: Int(rows))
        buffer = CellBuffer(width: Int(columns), height: Int(rows), tier: state.tier)
        dirty = true
    }

    private mutating func frame() {
        let now = cnc_milliseconds()
        lastFrame = now
        if resized {
            resized = false
            cnc_resize()
            measure()
        }
        backend.previewPartition(cut: state.previewedPartition(feed))
        for message in feed.refresh(from: backend) {
            state.show(message)
            dirty = true
        }
        if state.tick(now: Double(now) / 1000) { dirty = true }
        let next = Drawn(
            version: feed.snapshot.version, time: feed.clockTenths, events: feed.eventCount,
            outlook: feed.snapshot.outlook)
        if next != drawn { dirty = true }
        guard dirty, attached else { return }
        dirty = false
        drawn = next
        if buffer.tier != state.tier {
            buffer = CellBuffer(width: buffer.width, height: buffer.height, tier: state.tier)
        }
        buffer.cursor = nil
        Renderer.draw(feed, state, into: &buffer)
        present()
    }

    private func present() {
        let cursor = buffer.cursor
        buffer.cells.withUnsafeBytes { bytes in
            // A Cell has the memory layout of the shim's cell: scalar, foreground, background, attributes, width.
            guard let cells = bytes.bindMemory(to: cnc_cell.self).baseAddress else { return }
            cnc_present(
                cells, Int32(buffer.height), Int32(buffer.width), Int32(cursor?.y ?? -1), Int32(cursor?.x ?? -1))
        }
    }
}
