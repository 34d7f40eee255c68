#if canImport(Glibc)
    import Glibc
#endif

/// What the operating system says about the process, under the names that Prometheus' own clients use.
enum ProcessMetrics {
    static func text() -> String {
        var text = ""
        func add(_ name: String, _ kind: String, _ help: String, _ value: Double) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n\(name) \(MetricName.number(value))\n"
        }
        #if canImport(Glibc)
            var usage = rusage()
            if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
                let seconds =
                    Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                    + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
                add("process_cpu_seconds_total", "counter", "Processor time of the process.", seconds)
            }
            if let pages = residentPages() {
                add(
                    "process_resident_memory_bytes", "gauge", "Memory of the process that is in use.",
                    Double(pages * sysconf(Int32(_SC_PAGESIZE))))
            }
            if let files = openFiles() {
                add("process_open_fds", "gauge", "Open files and connections of the process.", Double(files))
            }
            var limit = rlimit()
            if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
                add("process_max_fds", "gauge", "The most that it may have open.", Double(limit.rlim_cur))
            }
        #endif
        return text
    }

    #if canImport(Glibc)
        /// The second number of `/proc/self/statm`.
        private static func residentPages() -> Int? {
            guard let file = fopen("/proc/self/statm", "re") else { return nil }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 128)
            guard fgets(&line, Int32(line.count), file) != nil else { return nil }
            let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let numbers = String(decoding: bytes, as: UTF8.self).split(separator: " ")
            return numbers.count > 1 ? Int(numbers[1]) : nil
        }

        private static func openFiles() -> Int? {
            guard let folder = opendir("/proc/self/fd") else { return nil }
            defer { closedir(folder) }
            var count = 0
            while readdir(folder) != nil { count += 1 }
            // Not counted: the two entries of the folder itself, and the folder while it is read.
            return max(0, count - 3)
        }
    #endif
}
