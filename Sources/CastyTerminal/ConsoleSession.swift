import CNCurses
import CastyConsole
import CastyObservability
import Glibc

/// The loop of the screen's thread: sleeps until a signal, a key, a change of the cluster or a deadline of the screen,
/// and draws a frame if something changed.
///
/// Never waits for the cluster; the cluster never waits for it.
struct ConsoleSession: ~Copyable {
    private let backend: any ConsoleBackend
    private let frameTime: Int64
    private var state: ConsoleState
    private var feed: ConsoleFeed
    private var buffer: CellBuffer
    private var keys = KeyReader()
    /// Whether the picture differs from the last frame, and is drawn at once.
    private var dirty = true
    /// Whether the cluster has changed, or the terminal's size: drawn once the time of a frame has passed.
    private var stale = true
    private var attached = true
    private var resized = false
    /// Whether a SIGCONT is still to come that belongs to the console's own suspension.
    private var awaitsContinue = false
    private var lastFrame: Int64 = 0
    /// The content of the last frame, used to skip identical frames.
    private var drawn: (snapshot: ClusterSnapshot, events: Int, asides: ConsoleFeed.Asides)?
    private var film: SessionFilm

    /// Writes what of the film can be written only now; the reason if it cannot.
    func endFilm() -> String? { film.end(title: backend.title) }

    init(backend: any ConsoleBackend, options: ConsoleOptions, film: consuming SessionFilm) {
        self.backend = backend
        feed = ConsoleFeed(keeping: backend.mode.keepsMoments ? .console : nil)
        self.film = film
        frameTime = Int64(1000 / max(1, min(60, options.framesPerSecond)))
        let tier = TerminalAbility.tier(options)
        state = ConsoleState(options: options, mode: backend.mode, tier: tier, depth: TerminalAbility.depth(options))
        buffer = CellBuffer(width: 0, height: 0, tier: tier)
        measure()
    }

    /// Runs until the user quits or a signal ends it; returns the exit code.
    mutating func loop() -> Int32 {
        backend.whenChanged { cnc_wake() }
        while true {
            let ready = cnc_wait(patience(at: cnc_milliseconds()), attached)
            if let code = takeSignals() { return code }
            if ready & Int32(CNC_READY_HANGUP) != 0 { return 129 }
            if !attached {
                // The shell does not notify a background job that it is in the foreground again, so check.
                guard cnc_foreground() else { continue }
                reattach()
            }
            if ready & Int32(CNC_READY_WAKE) != 0 { stale = true }
            let pasteEnds = keys.deadline.map { $0 <= Self.seconds } ?? false
            if ready & Int32(CNC_READY_INPUT) != 0 || pasteEnds, let code = takeKeys() { return code }
            if patience(at: cnc_milliseconds()) == 0 { frame() }
        }
    }

    /// The milliseconds until the next frame is due; -1 if none is due before something happens.
    private func patience(at now: Int64) -> Int32 {
        // In the background it checks from time to time whether it is in the foreground again.
        guard attached else { return 200 }
        if dirty { return 0 }
        var due = Int64.max
        if stale || resized { due = lastFrame + frameTime }
        for deadline in [state.nextDeadline, keys.deadline].compactMap(\.self) {
            due = min(due, Int64((deadline * 1000).rounded(.up)))
        }
        return due == .max ? -1 : Int32(clamping: max(0, due - now))
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
            case KnownSignal.carryOn: carryOn()
            case KnownSignal.terminate, KnownSignal.hangUp, KnownSignal.quit: return 128 + number
            default: break
            }
        }
    }

    private mutating func takeKeys() -> Int32? {
        // ncurses holds bytes that poll cannot see: read until there are none.
        while let key = keys.next(now: Self.seconds) {
            if let code = take(key) { return code }
        }
        return keys.gone ? 129 : nil
    }

    private mutating func take(_ key: Key) -> Int32? {
        dirty = true
        // The screen may have slept for long: what the key begins counts from now.
        _ = state.tick(now: Double(cnc_milliseconds()) / 1000)
        for intent in state.handle(key, feed: feed) {
            switch intent {
            case .submit(let request): backend.submit(request)
            case .operate(let command): backend.operate(command)
            case .quit: return key == .control("c") ? 130 : 0
            case .suspend: suspend()
            case .repaint:
                cnc_resize()
                measure()
            case .copy(let text): cnc_clipboard(Base64.encode(text))
            case .export(let text, let file): export(text, to: file)
            case .save(let moment, let folder): save(moment, into: folder)
            }
        }
        return nil
    }

    private mutating func export(_ text: String, to file: String) {
        do {
            try OutputFile.write(text, to: file)
            state.show(ConsoleMessage(.done, "written to \(file)"))
        } catch {
            state.show(ConsoleMessage(.refused, "export: \(file) cannot be written: \(error)"))
        }
    }

    /// Writes the screen's files of a moment; the run adds its scenario, and says where they are.
    private mutating func save(_ moment: SavedMoment, into wanted: String?) {
        do {
            let folder = try MomentFolder.write(moment, into: wanted, film: film.latest(title: moment.title))
            switch state.saved(in: folder) {
            case .success(let request): backend.submit(request)
            case .failure(let reason): state.show(ConsoleMessage(.done, reason.text))
            }
        } catch {
            state.show(ConsoleMessage(.refused, "save: \(wanted ?? moment.name) cannot be written: \(error)"))
        }
    }

    /// The last frame as SVG.
    var drawing: String { buffer.svg(title: state.title(of: feed)) }

    private mutating func suspend() {
        attached = false
        awaitsContinue = true
        cnc_suspend()
        // Continued in the foreground; in the background the cluster continues without the screen.
        if cnc_foreground() { reattach() }
    }

    /// The user's clock.
    private static var seconds: Double { Double(cnc_milliseconds()) / 1000 }

    /// Takes the terminal again after a stop that the console has not made itself, as by SIGSTOP: the shell has changed
    /// its modes meanwhile, or has it still.
    private mutating func carryOn() {
        if awaitsContinue {
            awaitsContinue = false
            if attached { resized = true }
        } else if attached {
            if cnc_foreground() { reattach() } else { detach() }
        }
    }

    /// Draws nothing from now on: the process is in the background.
    private mutating func detach() {
        attached = false
        cnc_detach()
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
        buffer = CellBuffer(width: Int(columns), height: Int(rows), tier: state.look.tier)
        dirty = true
    }

    private mutating func frame() {
        let now = cnc_milliseconds()
        lastFrame = now
        stale = false
        if resized {
            resized = false
            cnc_resize()
            measure()
        }
        if state.tick(now: Double(now) / 1000) { dirty = true }
        backend.previewPartition(cut: state.previewedPartition(feed))
        backend.observeMessages(state.showsMessages(feed))
        for message in feed.refresh(from: backend) {
            state.show(message)
            dirty = true
        }
        if state.show(backend.caption) { dirty = true }
        if state.show(feed.hypothesis) { dirty = true }
        if let answered = state.completeQuestion(feed) {
            for case .submit(let request) in answered { backend.submit(request) }
            dirty = true
        }
        if state.follow(feed) { dirty = true }
        let asides = feed.asides
        // To compare the snapshots of a big cluster takes as long as to draw it.
        if !dirty {
            dirty =
                drawn.map { $0.events != feed.eventCount || $0.asides != asides || $0.snapshot != feed.snapshot }
                ?? true
        }
        guard dirty, attached else { return }
        guard cnc_foreground() else { return detach() }
        dirty = false
        drawn = (feed.snapshot, feed.eventCount, asides)
        if buffer.tier != state.look.tier {
            buffer = CellBuffer(width: buffer.width, height: buffer.height, tier: state.look.tier)
        }
        buffer.cursor = nil
        Renderer.draw(feed, state, into: &buffer)
        present()
        if let problem = film.add(buffer, at: Double(now) / 1000) { state.show(ConsoleMessage(.refused, problem)) }
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
