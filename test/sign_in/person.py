"""A person at a browser, who enters a device's code at a provider and signs in: forms, cookies and redirections."""
import html.parser
import http.cookiejar
import urllib.parse
import urllib.request


class Forms(html.parser.HTMLParser):
    """The forms of a page: where each goes, and its fields with their values."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        of = dict(attrs)
        if tag == "form":
            self.found.append((of.get("action", ""), {}))
        elif tag in ("input", "button") and self.found and of.get("name"):
            self.found[-1][1].setdefault(of["name"], of.get("value") or "")


class Person:
    def __init__(self, context, name):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(cookies, urllib.request.HTTPSHandler(context=context))
        self.known = {"login": name, "password": "x"}

    def open(self, url, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        with self.browser.open(url, data, timeout=30) as reply:
            return reply.url, reply.read().decode()

    def approve(self, url):
        """approve fills in what each page asks for until there is no form left; the last page."""
        at, text = self.open(url)
        for _ in range(8):
            forms = Forms(text).found
            if not forms:
                return text
            action, fields = forms[0]
            fields.pop("abort", None)
            fields = {name: self.known.get(name, value) for name, value in fields.items()}
            at, text = self.open(urllib.parse.urljoin(at, action), fields)
        raise AssertionError("the provider asks without end: " + text)
