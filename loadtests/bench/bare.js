// A taped day sent again by k6, and nothing else done about it.
import http from "k6/http";
import encoding from "k6/encoding";
import exec from "k6/execution";
import { SharedArray } from "k6/data";

const tape = new SharedArray("tape", () => [JSON.parse(open(__ENV.REPRISE_BENCH_TAPE))]);
const users = Number(__ENV.REPRISE_BENCH_USERS);
const rounds = Number(__ENV.REPRISE_BENCH_ROUNDS);
export const options = {
  scenarios: {
    replay: { executor: "per-vu-iterations", vus: users, iterations: rounds, maxDuration: "30m" },
  },
  summaryTrendStats: ["med", "p(95)"],
};
const json = { "Content-Type": "application/json", Accept: "application/json" };
const whole = tape[0];
const login = "Basic " + encoding.b64encode(whole.username + ":" + whole.password);
let mine;

export default function () {
  mine = mine || whole.tapes[(exec.vu.idInTest - 1) % whole.tapes.length];
  let fresh = "";
  let number = "";
  for (const each of mine) {
    if (each.logs_in) {
      fresh = Math.floor(Math.random() * 4294967296).toString(16).padStart(8, "0");
      http.cookieJar().clear(__ENV.REPRISE_BENCH_HOST);
    }
    const now = new Date().toISOString().replace(/\.\d+Z/, ".000+0000");
    const fill = (text) =>
      text.replaceAll("@@@@@@@@", fresh).replaceAll("########", number).replaceAll("~now~", now);
    const headers = each.logs_in ? Object.assign({ Authorization: login }, json) : json;
    const url = __ENV.REPRISE_BENCH_HOST + fill(each.path);
    const body = each.body === null ? null : fill(each.body);
    const answer = http.request(each.method, url, body, { headers: headers, tags: { name: "any" } });
    if (each.gives_number) number = answer.json("identifier");
  }
}
