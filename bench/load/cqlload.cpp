// cqlload: a small closed/open-loop load generator for CQL servers (native protocol v4 or v5, uncompressed).
// One thread, epoll, pipelined prepared statements. Prints one JSON line.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>
using std::string;
using std::vector;
static uint64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
[[noreturn]] static void die(const string& m) {
  fprintf(stderr, "cqlload: %s\n", m.c_str());
  exit(2);
}
// ---- CRCs of the v5 framing
static uint32_t crc24(uint64_t data, int len) {
  uint32_t crc = 0x875060;
  for (int i = 0; i < len; i++) {
    crc ^= (uint32_t)((data >> (8 * i)) & 0xff) << 16;
    for (int j = 0; j < 8; j++) {
      crc <<= 1;
      if (crc & 0x1000000) crc ^= 0x1974F0B;
    }
  }
  return crc & 0xffffff;
}
static uint32_t T[8][256];
static void crc_init() {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    T[0][i] = c;
  }
  for (int t = 1; t < 8; t++)
    for (int i = 0; i < 256; i++) T[t][i] = (T[t - 1][i] >> 8) ^ T[0][T[t - 1][i] & 0xff];
}
static uint32_t crc32u(uint32_t crc, const uint8_t* p, size_t n) {
  crc = ~crc;
  while (n >= 8) {
    uint32_t a;
    memcpy(&a, p, 4);
    a ^= crc;
    uint32_t b;
    memcpy(&b, p + 4, 4);
    crc = T[7][a & 0xff] ^ T[6][(a >> 8) & 0xff] ^ T[5][(a >> 16) & 0xff] ^ T[4][a >> 24] ^ T[3][b & 0xff] ^
          T[2][(b >> 8) & 0xff] ^ T[1][(b >> 16) & 0xff] ^ T[0][b >> 24];
    p += 8;
    n -= 8;
  }
  while (n--) crc = (crc >> 8) ^ T[0][(crc ^ *p++) & 0xff];
  return ~crc;
}
// ---- the Murmur3 token of an 8-byte key and ScyllaDB's shard of a token (12 ignored bits)
static uint64_t fmix(uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccdULL;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53ULL;
  return k ^ (k >> 33);
}
static int64_t token_of(const string& key) {
  uint64_t k1 = 0, h1 = 0, h2 = 0;
  for (int i = 7; i >= 0; i--) k1 ^= (uint64_t)(int64_t)(int8_t)key[i] << (8 * i);
  k1 *= 0x87c37b91114253d5ULL;
  k1 = (k1 << 31) | (k1 >> 33);
  k1 *= 0x4cf5ad432745937fULL;
  h1 ^= k1;
  h1 ^= 8;
  h2 ^= 8;
  h1 += h2;
  h2 += h1;
  h1 = fmix(h1);
  h2 = fmix(h2);
  return (int64_t)(h1 + h2);
}
static int shards = 0;         // shard-aware port: connections spread over shards, keys sent to the shard that owns them
static int shard_of(const string& key) {
  uint64_t biased = ((uint64_t)token_of(key) + (1ULL << 63)) << 12;
  return (int)(((unsigned __int128)biased * shards) >> 64);
}
// ---- wire helpers
struct W {
  string b;
  void u8(uint8_t v) { b.push_back((char)v); }
  void u16(uint16_t v) {
    u8(v >> 8);
    u8(v);
  }
  void u32(uint32_t v) {
    u16(v >> 16);
    u16(v);
  }
  void u64(uint64_t v) {
    u32(v >> 32);
    u32(v);
  }
  void str(const string& s) {
    u16(s.size());
    b += s;
  }
  void lstr(const string& s) {
    u32(s.size());
    b += s;
  }
  void bytes(const string& s) {
    u32(s.size());
    b += s;
  }
};
static string frame(int ver, int16_t stream, uint8_t op, const string& body) {
  W w;
  w.u8(ver);
  w.u8(0);
  w.u16((uint16_t)stream);
  w.u8(op);
  w.u32(body.size());
  w.b += body;
  return w.b;
}
static string segment(const string& payload, bool self) {
  uint64_t h = payload.size() | (self ? (1u << 17) : 0);
  uint32_t c = crc24(h, 3);
  string s;
  for (int i = 0; i < 3; i++) s.push_back(h >> (8 * i));
  for (int i = 0; i < 3; i++) s.push_back(c >> (8 * i));
  s += payload;
  uint32_t init = crc32u(0, (const uint8_t*)"\xfa\x2d\x55\xca", 4);
  uint32_t d = crc32u(init, (const uint8_t*)payload.data(), payload.size());
  for (int i = 0; i < 4; i++) s.push_back(d >> (8 * i));
  return s;
}
// ---- options
static string host = "127.0.0.1", port = "9042", workload = "write", ks = "load", cl = "one";
static int proto = 4, conns = 8, inflight = 32;
static double dur = 10, warm = 2;
static uint64_t keys = 100000;
static int vsize = 100;
static bool setup = false, preload = false;
static double rate = 0;
static double readfrac = 0.5;
static string user, pass;
static int slice_rows = 50;    // LIMIT of ts-read
static int batch_rows = 10;    // rows of one partition in a batch
static int rf = 1;
static string extra;
static bool batch_logged = false;   // batch: LOGGED
static bool batch_spread = false;   // batch: every row in a partition of its own
// Workload custom: any prepared statement, its values made as these say.
static string custom_cql, custom_bind, preload_cql, preload_bind, setup_cql, record_file;
static bool custom_reads = false;
struct Hist {
  vector<uint64_t> b = vector<uint64_t>(64 * 64, 0);
  uint64_t n = 0, mx = 0;
  void add(uint64_t us10) {
    n++;
    mx = std::max(mx, us10);
    int i;
    if (us10 < 64) i = us10;
    else {
      int e = 63 - __builtin_clzll(us10);
      i = (e - 5) * 64 + ((us10 >> (e - 6)) & 63);
      if (i >= (int)b.size()) i = b.size() - 1;
    }
    b[i]++;
  }
  double pct(double p) {
    if (!n) return 0;
    uint64_t t = std::ceil(p * n), a = 0;
    for (size_t i = 0; i < b.size(); i++) {
      a += b[i];
      if (a >= t) {
        if (i < 64) return i;
        int e = i / 64 + 5;
        return (double)(((uint64_t)1 << e) | ((uint64_t)(i % 64) << (e - 6)));
      }
    }
    return mx;
  }
};
struct Conn {
  int fd = -1;
  string out;
  size_t outpos = 0;
  int shard = 0;
  string in;
  string env;
  size_t inpos = 0;
  bool framed = false;
  vector<uint64_t> sent;
  vector<uint8_t> kind;
  vector<int16_t> freeids;
  bool wantw = false;
};
static int ep;
static int dial(int shard = -1) {
  addrinfo h{}, *r;
  h.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host.c_str(), port.c_str(), &h, &r)) die("resolve");
  int fd = socket(r->ai_family, SOCK_STREAM, 0);
  if (shard >= 0) {  // the source port modulo the number of shards names the shard
    static int source = 20000 + (getpid() * 97) % 30000;
    for (int tries = 0;; tries++) {
      if (tries == 20000) die("no free source port");
      source = source >= 60000 ? 20000 : source + 1;
      if (source % shards != shard) continue;
      sockaddr_in a{};
      a.sin_family = AF_INET;
      a.sin_port = htons(source);
      int one = 1;
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, 4);
      if (bind(fd, (sockaddr*)&a, sizeof a) == 0) break;
    }
  }
  if (connect(fd, r->ai_addr, r->ai_addrlen)) die(string("connect: ") + strerror(errno));
  freeaddrinfo(r);
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, 4);
  return fd;
}
// blocking request used in the handshake
struct Msg {
  uint8_t op;
  int16_t stream;
  string body;
};
static void rd(int fd, char* p, size_t n) {
  while (n) {
    ssize_t k = read(fd, p, n);
    if (k <= 0) die("connection closed in handshake");
    p += k;
    n -= k;
  }
}
static Msg recv_block(Conn& c) {
  auto parse = [&](string f) {
    Msg m;
    m.stream = (int16_t)(((uint8_t)f[2] << 8) | (uint8_t)f[3]);
    m.op = f[4];
    m.body = f.substr(9);
    return m;
  };
  if (!c.framed) {
    char h[9];
    rd(c.fd, h, 9);
    uint32_t n = ((uint8_t)h[5] << 24) | ((uint8_t)h[6] << 16) | ((uint8_t)h[7] << 8) | (uint8_t)h[8];
    string f(h, 9);
    f.resize(9 + n);
    rd(c.fd, &f[9], n);
    return parse(f);
  }
  string acc;
  for (;;) {
    char h[6];
    rd(c.fd, h, 6);
    uint32_t v = (uint8_t)h[0] | ((uint8_t)h[1] << 8) | ((uint8_t)h[2] << 16);
    uint32_t n = v & 0x1ffff;
    string p(n, 0);
    rd(c.fd, &p[0], n);
    char t[4];
    rd(c.fd, t, 4);
    acc += p;
    if (acc.size() >= 9) {
      uint32_t need = ((uint8_t)acc[5] << 24) | ((uint8_t)acc[6] << 16) | ((uint8_t)acc[7] << 8) | (uint8_t)acc[8];
      if (acc.size() >= 9 + need) return parse(acc.substr(0, 9 + need));
    }
  }
}
static Msg call(Conn& c, uint8_t op, const string& body) {
  string f = frame(proto, 0, op, body);
  if (c.framed) f = segment(f, true);
  size_t o = 0;
  while (o < f.size()) {
    ssize_t k = write(c.fd, f.data() + o, f.size() - o);
    if (k <= 0) die("write");
    o += k;
  }
  Msg m = recv_block(c);
  if (m.op == 0) {
    uint32_t code =
        ((uint8_t)m.body[0] << 24) | ((uint8_t)m.body[1] << 16) | ((uint8_t)m.body[2] << 8) | (uint8_t)m.body[3];
    char b[32];
    sprintf(b, "%x", code);
    die(string("server error 0x") + b + ": " + m.body.substr(6));
  }
  return m;
}
// Looked up once: this is asked for each request. REQUIRES: the arguments are read.
static uint16_t clcode() {
  static const uint16_t code = [] {
    const std::map<string, int> m = {{"any", 0}, {"one", 1},          {"two", 2},         {"three", 3},     {"quorum", 4},
                                   {"all", 5}, {"local_quorum", 6}, {"each_quorum", 7}, {"local_one", 10}};
    return m.at(cl);
  }();
  return code;
}
static string query_body(const string& q) {
  W w;
  w.lstr(q);
  w.u16(1);
  if (proto >= 5) w.u32(0);
  else w.u8(0);
  return w.b;
}
// The text with the key wherever it says {key}.
static string with_key(string text, uint64_t key) {
  const string mark = "{key}";
  for (size_t at = text.find(mark); at != string::npos; at = text.find(mark, at)) text.replace(at, mark.size(), std::to_string(key));
  return text;
}
static Conn open_conn(int shard = -1) {
  Conn c;
  c.shard = shard;
  c.fd = dial(shard);
  W w;
  w.u16(1);
  w.str("CQL_VERSION");
  w.str("3.0.0");
  Msg m = call(c, 1, w.b);
  if (proto >= 5) c.framed = true;
  if (m.op == 3) {
    W a;
    string t = string("\0", 1) + user + string("\0", 1) + pass;
    a.bytes(t);
    call(c, 0x0f, a.b);
  } else if (m.op != 2) die("unexpected reply to STARTUP");
  return c;
}
struct Prep {
  string id, meta;
};
static Prep prepare(Conn& c, const string& q) {
  W w;
  w.lstr(q);
  if (proto >= 5) w.u32(0);
  Msg m = call(c, 9, w.b);
  Prep p;
  size_t o = 4;
  auto g16 = [&] {
    uint16_t v = ((uint8_t)m.body[o] << 8) | (uint8_t)m.body[o + 1];
    o += 2;
    return v;
  };
  uint16_t n = g16();
  p.id = m.body.substr(o, n);
  o += n;
  if (proto >= 5) {
    n = g16();
    p.meta = m.body.substr(o, n);
  }
  return p;
}
static uint64_t mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  x ^= x >> 33;
  return x;
}
static string exec_body(const Prep& p, const vector<string>& vals) {
  W w;
  w.str(p.id);
  if (proto >= 5) w.str(p.meta);
  w.u16(clcode());
  uint32_t fl = vals.empty() ? 0 : 1;
  if (proto >= 5) w.u32(fl);
  else w.u8(fl);
  if (fl) {
    w.u16(vals.size());
    for (auto& v : vals) w.bytes(v);
  }
  return w.b;
}
static string be64(uint64_t v) {
  W w;
  w.u64(v);
  return w.b;
}
// ---- values of custom statements: key (bigint), seq (bigint, never twice), value (blob), big:N int:N text:N (the key modulo N),
// rbig:N rint:N (at random below N), vector:N (N floats that belong to the key), record:N (of --records: those N bytes that belong to the
// key), rrecord:N (one of those behind the records of all keys, at random)
struct Bind {
  string kind;
  uint64_t n = 1;
};
static vector<Bind> binds_of(const string& list) {
  vector<Bind> out;
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    string one = list.substr(at, end - at);
    Bind b;
    const size_t colon = one.find(':');
    b.kind = one.substr(0, colon);
    if (colon != string::npos) b.n = std::max<uint64_t>(1, stoull(one.substr(colon + 1)));
    static const vector<string> kinds = {"key", "seq", "value", "big", "int", "text", "rbig", "rint", "vector", "record", "rrecord"};
    if (std::find(kinds.begin(), kinds.end(), b.kind) == kinds.end()) die("unknown kind of value " + one);
    out.push_back(b);
    at = end + 1;
  }
  return out;
}
// Bytes of --records: N for each key, then more.
struct Records {
  const char* data = nullptr;
  size_t size = 0;
  void open(const string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY);
    if (fd < 0) die("cannot open " + path);
    size = (size_t)lseek(fd, 0, SEEK_END);
    data = (const char*)mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) die("cannot map " + path);
    close(fd);
  }
  string at(uint64_t record, uint64_t bytes) const {
    if ((record + 1) * bytes > size) die("--records has no record " + std::to_string(record));
    return string(data + record * bytes, bytes);
  }
  string behind(uint64_t random, uint64_t bytes) const {
    const uint64_t all = size / bytes;
    if (all <= keys) die("--records has no records behind those of the keys");
    return at(keys + random % (all - keys), bytes);
  }
};
static Records records;
static vector<string> values_of(const vector<Bind>& binds, uint64_t key, const string& val) {
  static uint64_t seq = (uint64_t)now_ns(), random = 0x9e3779b97f4a7c15ULL;
  vector<string> out;
  for (const Bind& b : binds) {
    W w;
    if (b.kind == "key") w.u64(key);
    else if (b.kind == "seq") w.u64(seq++);
    else if (b.kind == "value") w.b = val;
    else if (b.kind == "big") w.u64(key % b.n);
    else if (b.kind == "int") w.u32(key % b.n);
    else if (b.kind == "text") w.b = "text" + std::to_string(key % b.n);
    else if (b.kind == "rbig") w.u64(mix(random++) % b.n);
    else if (b.kind == "rint") w.u32(mix(random++) % b.n);
    else if (b.kind == "record") w.b = records.at(key, b.n);
    else if (b.kind == "rrecord") w.b = records.behind(mix(random++), b.n);
    else
      for (uint64_t i = 0; i < b.n; i++) {
        const float f = (float)((double)(mix(key * b.n + i) >> 11) / 9007199254740992.0 - 0.5);
        uint32_t bits;
        memcpy(&bits, &f, 4);
        w.u32(bits);
      }
    out.push_back(w.b);
  }
  return out;
}
int main(int argc, char** argv) {
  prctl(PR_SET_TIMERSLACK, 1);  // the default of 50 us would be added to every latency at a fixed rate
  crc_init();
  for (int i = 1; i < argc; i++) {
    string a = argv[i];
    auto nx = [&] {
      if (i + 1 >= argc) die("missing value for " + a);
      return string(argv[++i]);
    };
    if (a == "--host") host = nx();
    else if (a == "--port") port = nx();
    else if (a == "--proto") proto = stoi(nx());
    else if (a == "--conns") conns = stoi(nx());
    else if (a == "--inflight") inflight = stoi(nx());
    else if (a == "--seconds") dur = stod(nx());
    else if (a == "--warmup") warm = stod(nx());
    else if (a == "--workload") workload = nx();
    else if (a == "--keys") keys = stoull(nx());
    else if (a == "--value-size") vsize = stoi(nx());
    else if (a == "--keyspace") ks = nx();
    else if (a == "--setup") setup = true;
    else if (a == "--preload") preload = true;
    else if (a == "--rate") rate = stod(nx());
    else if (a == "--read-fraction") readfrac = stod(nx());
    else if (a == "--cl") cl = nx();
    else if (a == "--slice-rows") slice_rows = stoi(nx());
    else if (a == "--batch-rows") batch_rows = stoi(nx());
    else if (a == "--shards") shards = stoi(nx());
    else if (a == "--rf") rf = stoi(nx());
    else if (a == "--user") user = nx();
    else if (a == "--password") pass = nx();
    else if (a == "--table-options") extra = nx();
    else if (a == "--batch-logged") batch_logged = true;
    else if (a == "--batch-spread") batch_spread = true;
    else if (a == "--cql") custom_cql = nx();
    else if (a == "--bind") custom_bind = nx();
    else if (a == "--cql-reads") custom_reads = true;
    else if (a == "--preload-cql") preload_cql = nx();
    else if (a == "--preload-bind") preload_bind = nx();
    else if (a == "--setup-cql") setup_cql = nx();
    else if (a == "--records") record_file = nx();
    else if (a == "--help") {
      puts("cqlload: loads a CQL server and prints one JSON line\n"
           "  --host H --port P --proto 4|5 --conns N --inflight N --seconds S --warmup S --rate OPS_PER_S (0: as fast as it goes)\n"
           "  --workload write|read|mixed|ts-write|ts-read|ts-mixed|batch|query|custom|none --read-fraction F --keys N --value-size BYTES\n"
           "  --keyspace NAME --setup (create keyspace and tables) --preload (write every key first) --rf N --cl LEVEL\n"
           "  --slice-rows N (ts-read) --batch-rows N (batch) --shards N (the port is shard-aware; keys go to their shard)\n"
           "  --batch-logged --batch-spread (each row of a batch in a partition of its own)\n"
           "  query: --cql TEXT ({key} in it is a key), else a point read\n"
           "  custom: --setup-cql 'DDL;DDL' --cql TEXT --bind KINDS [--cql-reads] [--preload-cql TEXT --preload-bind KINDS]\n"
           "    KINDS, one a marker: key seq value big:N int:N text:N rbig:N rint:N vector:N record:BYTES rrecord:BYTES (of --records FILE)\n"
           "  --user U --password P --table-options 'WITH ...'");
      return 0;
    } else die("unknown option " + a);
  }
  if (!record_file.empty()) records.open(record_file);
  {
    Conn c = open_conn();
    if (setup) {
      call(c, 7,
           query_body("CREATE KEYSPACE IF NOT EXISTS " + ks +
                      " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': " + std::to_string(rf) +
                      "}"));
      call(c, 7, query_body("CREATE TABLE IF NOT EXISTS " + ks + ".kv (k bigint PRIMARY KEY, v blob)" + extra));
      call(c, 7,
           query_body("CREATE TABLE IF NOT EXISTS " + ks + ".ts (k bigint, t bigint, v blob, PRIMARY KEY (k, t))" +
                      extra));
    }
    for (size_t at = 0; at < setup_cql.size();) {
      const size_t end = std::min(setup_cql.find(';', at), setup_cql.size());
      call(c, 7, query_body(setup_cql.substr(at, end - at)));
      at = end + 1;
    }
    close(c.fd);
  }
  ep = epoll_create1(0);
  vector<Conn> cs(conns);
  Prep pw, pr, ptw, ptr, pcustom, ppreload;
  const vector<Bind> cbinds = binds_of(custom_bind), pbinds = binds_of(preload_bind);
  int opened = 0;
  for (auto& c : cs) {
    c = open_conn(shards > 0 ? opened++ % shards : -1);
    if (workload == "custom") {
      if (!custom_cql.empty()) pcustom = prepare(c, custom_cql);
      if (!preload_cql.empty()) ppreload = prepare(c, preload_cql);
    } else {
      pw = prepare(c, "INSERT INTO " + ks + ".kv (k, v) VALUES (?, ?)");
      pr = prepare(c, "SELECT v FROM " + ks + ".kv WHERE k = ?");
      if (workload.rfind("ts", 0) == 0 || workload == "batch") {
        ptw = prepare(c, "INSERT INTO " + ks + ".ts (k, t, v) VALUES (?, ?, ?)");
        ptr = prepare(c, "SELECT t, v FROM " + ks + ".ts WHERE k = ? LIMIT " + std::to_string(slice_rows));
      }
    }
    c.sent.resize(inflight);
    c.kind.resize(inflight);
    for (int i = inflight - 1; i >= 0; i--) c.freeids.push_back(i);
    fcntl(c.fd, F_SETFL, O_NONBLOCK);
  }
  for (size_t i = 0; i < cs.size(); i++) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = i;
    epoll_ctl(ep, EPOLL_CTL_ADD, cs[i].fd, &e);
  }
  string val(vsize, 0);
  for (int i = 0; i < vsize; i++) val[i] = "0123456789abcdef"[mix(i) & 15];
  uint64_t ctr = 0, rng = 88172645463325252ULL, pre = 0;
  Hist hr, hw;
  uint64_t done = 0, errs = 0, empty = 0;
  string firsterr;
  bool measuring = false;
  bool loading = preload;
  // One BATCH of rows, each entry the prepared insert.
  auto batch_body = [&](uint64_t key) {
    W w;
    w.u8(batch_logged ? 0 : 1);
    w.u16(batch_rows);
    for (int i = 0; i < batch_rows; i++) {
      w.u8(1);
      w.str(ptw.id);
      w.u16(3);
      w.bytes(be64(batch_spread ? (key + i) % std::max<uint64_t>(1, keys / 100) : key));
      w.bytes(be64((mix(ctr) >> 20) + i));
      w.bytes(val);
    }
    w.u16(clcode());
    if (proto >= 5) w.u32(0);
    else w.u8(0);
    return w.b;
  };
  auto next = [&](uint8_t& k, uint8_t& op, int shard) -> string {
    op = 0x0a;
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    if (loading) {
      uint64_t key = pre++;
      k = 0;
      if (workload == "custom") return exec_body(ppreload, values_of(pbinds, key, val));
      if (workload.rfind("ts", 0) == 0)
        return exec_body(ptw, {be64(mix(key) % std::max<uint64_t>(1, keys / 100)), be64(key), val});
      return exec_body(pw, {be64(key), val});
    }
    uint64_t key = rng % keys;
    while (shards > 0 && shard_of(be64(key)) != shard) {
      rng ^= rng << 13;
      rng ^= rng >> 7;
      rng ^= rng << 17;
      key = rng % keys;
    }
    ctr++;
    if (workload == "custom") {
      k = custom_reads;
      return exec_body(pcustom, values_of(cbinds, key, val));
    }
    if (workload == "batch") {
      op = 0x0d;
      k = 0;
      return batch_body(key % std::max<uint64_t>(1, keys / 100));
    }
    if (workload == "query") {  // text with literals, parsed and planned for each request
      op = 0x07;
      k = 1;
      if (!custom_cql.empty()) return query_body(with_key(custom_cql, key));
      return query_body("SELECT v FROM " + ks + ".kv WHERE k = " + std::to_string(key));
    }
    bool r;
    if (workload == "write" || workload == "ts-write") r = false;
    else if (workload == "read" || workload == "ts-read") r = true;
    else r = ((mix(ctr) >> 11) * (1.0 / 9007199254740992.0)) < readfrac;
    k = r;
    if (workload.rfind("ts", 0) == 0) {
      if (r) return exec_body(ptr, {be64(key % std::max<uint64_t>(1, keys / 100))});
      return exec_body(ptw, {be64(key % std::max<uint64_t>(1, keys / 100)), be64(mix(ctr) >> 20), val});
    }
    if (r) return exec_body(pr, {be64(key)});
    return exec_body(pw, {be64(key), val});
  };
  uint64_t t0 = now_ns(), sched = t0;
  auto flush = [&](Conn& c, size_t idx) {
    while (c.outpos < c.out.size()) {
      ssize_t k = write(c.fd, c.out.data() + c.outpos, c.out.size() - c.outpos);
      if (k < 0) {
        if (errno == EAGAIN) {
          if (!c.wantw) {
            c.wantw = true;
            epoll_event e{};
            e.events = EPOLLIN | EPOLLOUT;
            e.data.u64 = idx;
            epoll_ctl(ep, EPOLL_CTL_MOD, c.fd, &e);
          }
          return;
        }
        die("write failed");
      }
      c.outpos += k;
    }
    c.out.clear();
    c.outpos = 0;
    if (c.wantw) {
      c.wantw = false;
      epoll_event e{};
      e.events = EPOLLIN;
      e.data.u64 = idx;
      epoll_ctl(ep, EPOLL_CTL_MOD, c.fd, &e);
    }
  };
  auto fill = [&](Conn& c, size_t idx) {
    uint64_t n = now_ns();
    string batch;
    while (!c.freeids.empty()) {
      if (loading && pre >= keys) break;
      if (rate > 0 && !loading) {
        if (sched > n) break;
      }
      int16_t id = c.freeids.back();
      c.freeids.pop_back();
      uint8_t k, op;
      string b = next(k, op, c.shard);
      c.kind[id] = k;
      c.sent[id] = (rate > 0 && !loading) ? sched : n;
      if (rate > 0 && !loading) sched += (uint64_t)(1e9 / rate);
      batch += frame(proto, id, op, b);
      if (c.framed && batch.size() > 60000) {
        c.out += segment(batch, true);
        batch.clear();
      }
    }
    if (!batch.empty()) {
      if (c.framed) c.out += segment(batch, true);
      else c.out += batch;
    }
    flush(c, idx);
  };
  for (size_t i = 0; i < cs.size(); i++) fill(cs[i], i);
  uint64_t loadend = 0;
  uint64_t mstart = 0;
  double loadsecs = 0;
  vector<epoll_event> ev(256);
  char buf[262144];
  uint64_t inflight_total;
  rusage ru0{}, ru1{};
  vector<uint64_t> persec;
  uint64_t lastsec = 0, lastdone = 0;
  for (;;) {
    uint64_t n = now_ns();
    if (loading && pre >= keys) {
      inflight_total = 0;
      for (auto& c : cs) inflight_total += inflight - c.freeids.size();
      if (inflight_total == 0) {
        loading = false;
        loadend = n;
        loadsecs = (loadend - t0) / 1e9;
        t0 = n;
        sched = n;
        for (size_t i = 0; i < cs.size(); i++) fill(cs[i], i);
        if (workload == "none" || (workload == "custom" && custom_cql.empty())) break;
      }
    }
    if (!loading && !measuring && (n - t0) / 1e9 >= warm) {
      measuring = true;
      mstart = n;
      done = 0;
      hr = Hist();
      hw = Hist();
      getrusage(RUSAGE_SELF, &ru0);
      lastsec = n;
    }
    if (measuring && (n - lastsec) >= 1000000000ull) {
      persec.push_back(done - lastdone);
      lastdone = done;
      lastsec = n;
    }
    if (measuring && (n - mstart) / 1e9 >= dur) break;
    // At a fixed rate wake up when the next request is due, to the nanosecond: the timer must not show in the latencies.
    uint64_t wait = 100'000'000;
    if (rate > 0 && !loading) {
      uint64_t due = now_ns();
      wait = sched > due ? std::min<uint64_t>(sched - due, wait) : 0;
    }
    timespec until{(time_t)(wait / 1'000'000'000), (long)(wait % 1'000'000'000)};
    int k = epoll_pwait2(ep, ev.data(), ev.size(), &until, nullptr);
    if (rate > 0 && !loading)
      for (size_t i = 0; i < cs.size(); i++)
        if (!cs[(i + ctr) % cs.size()].freeids.empty()) fill(cs[(i + ctr) % cs.size()], (i + ctr) % cs.size());
    for (int i = 0; i < k; i++) {
      size_t idx = ev[i].data.u64;
      Conn& c = cs[idx];
      if (ev[i].events & EPOLLOUT) flush(c, idx);
      if (!(ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
      ssize_t r = read(c.fd, buf, sizeof buf);
      if (r <= 0) {
        if (r < 0 && errno == EAGAIN) continue;
        die("server closed a connection" + (firsterr.empty() ? string() : "; first error: " + firsterr));
      }
      string* src;
      if (c.framed) {
        c.in.append(buf, r);
        size_t o = 0;
        while (c.in.size() - o >= 6) {
          uint32_t v = (uint8_t)c.in[o] | ((uint8_t)c.in[o + 1] << 8) | ((uint8_t)c.in[o + 2] << 16);
          uint32_t len = v & 0x1ffff;
          if (c.in.size() - o < 6 + len + 4) break;
          c.env.append(c.in, o + 6, len);
          o += 10 + len;
        }
        c.in.erase(0, o);
        src = &c.env;
      } else {
        c.env.append(buf, r);
        src = &c.env;
      }
      string& s = *src;
      size_t o = 0;
      uint64_t tn = now_ns();
      while (s.size() - o >= 9) {
        uint32_t len =
            ((uint8_t)s[o + 5] << 24) | ((uint8_t)s[o + 6] << 16) | ((uint8_t)s[o + 7] << 8) | (uint8_t)s[o + 8];
        if (s.size() - o < 9 + len) break;
        int16_t id = (int16_t)(((uint8_t)s[o + 2] << 8) | (uint8_t)s[o + 3]);
        uint8_t op = s[o + 4];
        if (id >= 0 && id < inflight) {
          uint64_t us10 = (tn - c.sent[id]) / 100;
          if (op == 0) {
            errs++;
            if (firsterr.empty()) firsterr = s.substr(o + 9, std::min<uint32_t>(len, 200));
          } else {
            done++;
            (c.kind[id] ? hr : hw).add(us10);
            if (c.kind[id] && len < 24) empty++;
          }
          c.freeids.push_back(id);
        }
        o += 9 + len;
      }
      s.erase(0, o);
      fill(c, idx);
    }
  }
  getrusage(RUSAGE_SELF, &ru1);
  double secs = (now_ns() - mstart) / 1e9;
  auto cpu = [&] {
    auto f = [](timeval a, timeval b) { return (b.tv_sec - a.tv_sec) + (b.tv_usec - a.tv_usec) / 1e6; };
    return f(ru0.ru_utime, ru1.ru_utime) + f(ru0.ru_stime, ru1.ru_stime);
  };
  std::sort(persec.begin(), persec.end());
  if (!mstart) {
    secs = 0;
  }
  printf(
      "{\"workload\":\"%s\",\"proto\":%d,\"conns\":%d,\"inflight\":%d,\"seconds\":%.2f,\"ops_per_s\":%.0f,\"worst_"
      "second\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"empty_reads\":%" PRIu64 ",\"read_us\":{\"n\":%" PRIu64
      ",\"p50\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f},\"write_us\":{\"n\":%" PRIu64
      ",\"p50\":%.0f,\"p99\":%.0f,\"p999\":%.0f,\"max\":%.0f},\"client_cpu_s\":%.2f,\"preload_ops_per_s\":%.0f}\n",
      workload.c_str(), proto, conns, inflight, secs, secs > 0 ? done / secs : 0, persec.empty() ? 0 : persec[0], errs,
      empty, hr.n, hr.pct(.5) / 10, hr.pct(.99) / 10, hr.pct(.999) / 10, hr.mx / 10.0, hw.n, hw.pct(.5) / 10,
      hw.pct(.99) / 10, hw.pct(.999) / 10, hw.mx / 10.0, cpu(), loadsecs > 0 ? keys / loadsecs : 0);
  if (errs) fprintf(stderr, "cqlload: %" PRIu64 " errors; first: %s\n", errs, firsterr.c_str());
  return errs ? 1 : 0;
}
