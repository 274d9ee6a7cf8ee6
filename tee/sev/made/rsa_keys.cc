#include "tee/sev/made/rsa_keys.h"

#include "base/bytes.h"

// Keys that were made once for these tests, and protect nothing: RSA keys take long to make.
namespace ward::sev::made {
namespace {

constexpr const char* kArk2048 =
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCvitla4L2eZlYnirZDDfyGoHv1ARzynN5LVvDxQ2YF"
    "lrdH2zcpa83CpVlfOpe/VclF9i8b2LPi55D5mH3m+JnMfuO/VJCEjcErYROoJMa5RuihWq6kaQuG7IgbsQ7Xot6diI7t"
    "06qdX/SQqngv9gFPsYnyetxfaHDPC9XyS2v664PefQia7ipyYEApASvv9KnhW122wh5vULo2Ybb60VLUH70szq+Do8IV"
    "Xy7almBR2tb0A6nBkkttmqzHSnBMJZiMJ68wIBZZVPUmzDrmtGzeBZxfYen5uTtCw6eMoVDnhRF6I+axBKx/3a7/NW5L"
    "mewZgXL+Z7qY2DBZW3M0Kk7ZAgMBAAECggEAQv/OTLrJdKsfh/EP9pDgiKu5E/6MQ2cvCvdQd+0fA9QN+R2ItMUCICAG"
    "9+s/ntYJv6uiOFEh+2EhuroCl8TbwqrNlymaDRWjnEBthbgfpviS8n7PeE3lieY+Xr9Z6GCv8dV8o/YtQOquSAbgX4HX"
    "50heW8+by8hrggLE8jjqKjbW2iap5OQJLTCPF3CeDtyCSvgYh4oLzlD3fefxsb8lqaXvMM3jr/ijDN/1EFgv2obCkwgU"
    "cSJJJ98MPDnVnW/6SiY+9OucML4W4S6ZmNy5C8AzW3NQsT1AJF0KjEjR8X/gOLgvjOKITeY4c13qyuyF2vFY53CZ+NbB"
    "BHmqjA5vXwKBgQDZldd5soaj4jmKHneWZvQ+RccdgplCTls14ROdRGpP1LXgQs1n5w7T+dVBazZ1srGXTKUiF0LUM2Dh"
    "JjvzwCiGBDqVu/XqjY53fr7fepnyECFpVE2HYUvGWROySqGsh3w3DyUwgnmQlGaunYf2OwjszaoveliWSnkzyGAzt9l+"
    "LwKBgQDOiM0lDAgET89OSgj7nTA+lNXyJi8EesTVYE7LnH2F+wg86oaw+MvRPwl3CiH4ZndSQIBAt7xXmz8Z1UMNabua"
    "8eitUym5iOPkqzRg2NDb5NRXCACdpIUqgx2V48AtAIiP0rEMuUqS2vTV+/6OGzT/KI+BnE9G7MM22Wydci8JdwKBgAFL"
    "ePrKay6ye/EseT214yIzvBma21qfqL9LVZiL/a338BUjkKFbqKTuSayX/Lz6kT/7PshTJxyoKZ1tYtHyhMs3Xzng4nfA"
    "2+YuJOijjCL6oZhE3ik+FPtbMFjRROEH9V9GgcwmGp8XovzLBzIZ69Ws66RYsApE6y+5s4jbQToVAoGBAIcauE/OwgPI"
    "DY1iIuQtnFyj0hyYW9NrWA1Y9dJ96SLW5zmqFTf5WKLlwJRNXZF3vgBhT0SGrL8GQE3u0vEYRHAEZTfUmgvTf3ibgiUE"
    "UAQ4easBAh4dfDsmEBl4JcOKgMrMgaMYJq9Qai78rDVbmNx9NPsNPFLiGIVtz35jLl/bAoGBAING42VsSufoVI3ozT69"
    "3pkkzZKuYJGCHOmMDOvbIVKNDtaZ4N6diyufR04jwukGXqQ3D6cnnKtA3BsdNdtrb3bQWCMsFhkboN1GEtcBq+Em0wAT"
    "fzVuqYq93Xa7WSV9hDJUy7Aexhm+MW5eSyelqST2r5iCz+JKIz101adPcFge";

constexpr const char* kAsk2048 =
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCpg8HWW2nEX+a57BxhPrrDxFHk0Q9JMuE6vFm3qInt"
    "k1vMPipOybMjUu3V2YQ5bQthAFdSaBmv0ghwkQ9NnyqSkktZ99ETDivdStd2ic7KKSmxMNvN2OJcGyo2nngNZUIyXVNT"
    "EEZ/8OJ9Go5ehqNe2IUyQ2P33qPh8M9SOIMPB0fuRAW0/FeFTT843oFXYL+ZY6LV0boZ188+dD6n4nkZPUQK9TK9lFrt"
    "ylwBABS5ZxB75f+ttGC7SB4DjVyuoDaVOk7ULxF6gV7mqTAAjKCl8KjVsI5MQBeL/QEHzUjKukQhCUKdefRv/RYz6GKh"
    "gvGuM2UxuxaBlDjYHXQWbusTAgMBAAECggEAFcg90DL5lFJTw5r4ypt/mZ2l0vv04DhkLg1Qj1kI4DkJ7WTPlZrgJK8z"
    "VezCy4jyPV9d2Sj8pABz39hurvq/mGCpbhYkt4jKpNTz0Deaaup/K6sA6PfwSQWfQbAl8mgLPuLfIif6kdYnmbZ1NOWi"
    "zefktbYTJ8wOzamz+ky+CorJ9dDRTjRMezdkA/lmHIKc+MdDJOFRFZUqDAmXUQpo52nzKSMvwTxNpa5fh6Pg5SSddbhk"
    "sH1obwgCf5DdC/o8OsvlZcjg/5A44EJCzfbpEcoRTG9dWiqfBWeRsFIKPFwmdIxTd1U6h5DoqV8TEQpF3kxZToVvyPmP"
    "U4u0JUR0gQKBgQDgAE2gNHHnT14sMI0dP+pJZYhRpLs5mZDuzxkqK5u0st9iPI2VKr9F/XEKtBlvg9XCWHfPtXCiwxvc"
    "zoYXZuDfkAeAWPSRdTRiBgs10jxLAdWFeQ/Sy0dvDC1f6aOOR1no/QQXfVC+hkMLNZmTjH7EvDE+aH7mCBnIq9nWPc5M"
    "3QKBgQDBuuOJCbFZNAhjwD/mGcqkYxHBA+F3iVQFM5UFFZjTbB3YJZlH1ek4OPDpMY9SvHPhhdOGcCzvXVPEdm0HHoH3"
    "3EHg6bCls7aZzXjBwOgI2ilPv9R6XOYO9pzUb0aXN8rzW4unNFMlJi1PGU9nURWjM0dPotlXwf1Y6hrZzdPgrwKBgEHw"
    "VOmABresqXAgqqmdkv4gIUzHTUXbasqhtCqxw5ghv5hPcu4iM0QLIyefdI1bJaWcHUjLhGilPqJ1OQvSgQfOgibKCNR4"
    "x/7DALHLPWxnEc/En1/R7ylFUGYXhMnxPwpS0M2JWid7pmi6UocYqIiJTYWthQ15/P0ReYKTlxMRAoGBAIpImLnszUbb"
    "OVHanMHmjxsgDEA2QO5OfEbqNujWLaxcdEEhNXRtYHfdTTlnQuLP2feUyxQfZjPF7lFCJzj5sdP2yJ9+r7TXvvOyEwxa"
    "YkZPU0W1rDlbrmvn5LJOa5jtHlTvd5P2aZMO2TCo5GDfJA7GP5S8rV9S/UBGerwVi7PJAoGALJAY/lcS+GS/73ee0a5O"
    "RTfEssG8p+CLpz7jpNnYz87oTXIJcfwfRdNR4brAr5nhutjexOsQZj7OPp8o8QCS0UKUfUhvZbuHbnAFCFsDUeW2Gbsn"
    "zjyyXu8iL34GjrqHPZXTCiRTkHlNjx6dW1EHzl26tspT5+Yj3GviUsrn+3U=";

constexpr const char* kArk4096 =
    "MIIJQwIBADANBgkqhkiG9w0BAQEFAASCCS0wggkpAgEAAoICAQCiy75sg9z8oL+PS/hLyKe3ugz9+Nv6C8vUccIbH5kC"
    "kRcOAp2IlJAWpQuFBOxo1ohB/tbf9irlL9RH3OwVV3kZcT4fN/yfNhvbz0WTv0dVds4h3LP0LA80KWlWuMu/o/SOO+IY"
    "sTmUcRPqtMelEp8852rH2Je7RixX3wosKITfzmhCcdI7ARe8oVKbdNal2F5JJLMg1lfBTicrfvNU8ULuv6ahhWJZFznQ"
    "F3001UrjpzxRlzY/9D25ryKY0MOaHR5DbYd/ygQiKzybvy1u7K/cl0NY9C7UW0kLlQRHk1zgZte10Y8QNsM+FPpsTA3R"
    "nwblsg1YnCkDuxb00BRDkOhZt3RLez8KTfT1gb5ihozGwTTRsY1VPS7zmdXP50qZ6Kr9T3WCWFarEdoWGltLykqFfEye"
    "mzU+MNdT7tuNyPbjM6qSyur5mxn0IqY+Z/N7XE9FcQWhypC7JM+0asWTFuohlM5gradhMGWwd8B0FCFdCSnk22m6IFPX"
    "XtdEBjx8YECPmreMLCqFxV5wBw4ufy7NEzGB6SZdfXcVzsETzLfQ8FxT3qRXityLJJqBFXHVyniiK5t1CmsES6Jbfb0l"
    "Lzhaiivwc9/XQzDHf8rUt7dfMlRcMSJVLpPzUEEEPRHv3NMLHYQdFfguHm+TnwW4AGAyKFALqgRTecqvcpy+XFRUbQID"
    "AQABAoICAB9WBp6Ot0/thVII9o9n3VjROET+zSEReje3efyMlYBX+08YE8jBiAbD2DbPns4DVZEWg7fyg4lALqVykgL9"
    "pnLOSH3r4fWnja8+846gCBQcXUtJV15NyNNqkTs/MQD/h0iFoFzOaF35cjMAf1l3/yzTAsvbFkHXHRwA881SM1l9OrZn"
    "gGcZK7+Ecgk4cUTVJDkCFnTgrV2pNIL72czk79RTEbkPmsG5Zch3bQNpdxPhEgxGhgvDcMo4OvmdXblhl3y1LZrcgPUu"
    "y2jTYOR0LNnSSAVsY0M/Gw1ersc0R3FuemEmKFqfn+9oTFfiP9q0uLgoEMeYr5BnR+Dx2KS01PR5J7DlcD94wfK+Rl/n"
    "I+c/rVDzJ+uMqfaqWySLcTJ9IQcd+6n95mUTzCRzOHcByE5pJPI87r2lC5c1IUXCGNCh6L+nRiixEbtmd3KOdf4HaR4J"
    "sUMsOBhwomNLNaXoYqeoz6YL0+BuQdxxA7xLnOYEFmnWt2NmO8GMEtfTTN4Mi6+5Cy+/HQdt0a7ZA+1JPlYbuvSexCSP"
    "N3MNKhHQ1cKMT+vTDTGKuuQan+/qtOcBqUpMIhqxcd70jkM7vXoZg2UmDLjA2MXmYC7g8+8BCyWGUv5nhcU7sqD1g6KW"
    "SxjQtNzQM/PhVc7HgPLX0kMznYTdxN3VNfPYrEBod2WknvhBAoIBAQDemdkcQkPp3hCt9SNioOcbqJ7PD3F9ZEVrHog8"
    "6v8RLRTBk1+DAz0shz71kvQAIXkC7Ey2r1z1l5fzi8gvThJciiKZcENHHWQH8CPfq2lddPwJbvgHpf2wNM5enL0QKcTw"
    "bsUdd0L1d0V3Ot45cMqa45bM0K0hV44Y02lf6OglDNmOkPvNsT7AhMofbLAp1ybvO1bENx4Ggx4PM6nxxrrnxrBmj7/G"
    "p3XKqE6xt/i7CFaQxC6o7HKzG/ETtcBj9dhE37XdUSJ7irovh6exGAugV/i4fdu/Zn3QPeB8Z6C8cWnFozAc0D+suDW0"
    "XDK46NCbIirPHLSWUU73dPC/bJmdAoIBAQC7OMTcVhE7iO6aqHgnb6FQbROQBb0uGH+fh8FKrOx5n/Sg5xFen14FxKPl"
    "To7muhnwkmVgby4giceIxDeUiK07L2xwRUfYwc3ktsXZqrTCibvIE7vFpq7pIfjofC2hwrHYHXmFjktHUxliiO1u3hO9"
    "bhoAh61m54KlZ+wjvs0/PuhW+VBrM8MIzhuh4ygQJl6lVIFGUmT1mnLVwDVBxsl8WSlnyNigGMcR0qZp4Onk/9SoPyO6"
    "oaXRzwJUbCIHevOPJdFQsn0H+gpzDIbilBKKfLVntt1zUfk9w0t9A4laGiBbk6WoIZPJpxWoKK2QWGIniRWi637aYXhA"
    "ELo7gVURAoIBAQCXl6BCXWJQpxkmzpWNelRJArk7+6FnKl0YCQ/wpHyV3uSOu2VFHHSRmX0n0i7209TMR84qbxxYaCdk"
    "BWKLzJg2ix/q7If0qzBPM5vKm7pCmgN2DSs+Ui2EzUFpL0aV9kwXDOiSG4DvF42oF9/0sDpZ5vnwe4Ab/7tWbssJNNy7"
    "NpgGPfgtaTJ5+zSG2AbUR6BNNVTuhTaearaS1bU7YQIyC55gCi8pAyv1mk8VOltaS+Bf8CpygavPDA1ORe1CZc8lgFAi"
    "6zkXdy86ZSCvOtfYF3Dbe2KmYw71PN5e+ld9XaMRpAOE69EhN8XjERK92FcP/uG2cC8PW0nyvaGiSzwFAoIBACpVfNYh"
    "tAXVQbbA72JjcIOCFpFTauKYcYs+JCvhjBs4WxVjCl9uA9GkFDdOmyt621C1mazDlxeOcArx62tvuFQQtiFw2P0fXZIg"
    "7f35BqSShl6Ib8YSmaxnnSPcqGjSYGpwx8C2WzlGhg/szFtsZeRImCKUi1YgdT83j4LJqxlo/Rplh5SmAKzmBgOGHNIC"
    "CxaxVAX1rZSHlv3UV3aHH5o5gw5PsQQKdkEGc9CvJdQ9MPXWSRrzYE5f07QJO2yblaVBtOHdaj46gNBg/cMQHl0oM9C+"
    "3bYszAH2PgSHnzA7hiOO8D9jUEqhuFjs0co44gD0k2riey2gKpO59JJt/TECggEBAMeT8ACWPQnTY9RKPGIxifyUBZ/U"
    "wlaUwON8ktBaRELBHafVZemMW3XG+wGWh/baIuPp8ngJ/AK4NCdZH2EuDFip5rsOREZWgsFMN73fWcxd1A39wToxdkVV"
    "CxNvk4Uc9LtuV2mT78Uf3EXpgS5tUf42AlQT7Q3SeCrNdcpEd316Wjfs6jJR7KobDDNEdcTt9FfmZ19gEDypB1uy0jRg"
    "aL7ReTtdH50PFEP8+SKFtlGwg5qMFbuGmL0A/aBndd4QhiwwGaZbqTcfhsxSu86+PxmnLdQeeVFQwJB+OAdFZP747+dF"
    "Vha4qaVqf9wp95iXPYPAPQw25d5vu1TUNzd+u18=";

constexpr const char* kAsk4096 =
    "MIIJRAIBADANBgkqhkiG9w0BAQEFAASCCS4wggkqAgEAAoICAQClay40pPTV3Mn94Fn1qzpwup5rdhI47J3kQliEffXm"
    "O2EuikTdQaheogycoCx/sghKhzd5FUm0bYsUIh1rkAmX1M7q2gkcKGUEDySWHFzmBsqAwEdUpFhGdH8EjVcDhrC9zXcI"
    "UzOAw3u8MYb+9UJtu1eTalpeyNvsXtu5cWlSNioT+uv7U1PSQOqsIhMkYOplW9JF+R7xFZOF2mm5C0tYISaNZWkIrjJi"
    "zjbLf8Ha8qI+3nnY5o5t8BBFcJCrPvnPZqMv+i78Awe3a1PuxiOvNRH4+d7ZIipbJ8g1kmW5LsW1upL7OJJCvmkJAZ4I"
    "2UkE7wEJawb2e/VkisJRiIJ4sSuXftySBGJZjxCaV/Vw6T1M76oeAHGUDjeNNiST8sc9O3wtAhefTHsFgek1l5aIWOCl"
    "k9PMIEB4SE5oaYU8KBkbb/lIiSxTax7NE/Y738OM63T1GgMPkAGbu7PgB0kC5aCKBFZW2hgWlheucp+/srosbcjHm3mX"
    "pMMYVm3cmJYsvA8HK7rSmk35fUaUkVSsmsGzP8LGyAmdVaZAUhlBh3RlMgnXb7bFIOklh9DGg9t7mzo6BkYap2pRwlZI"
    "OSRaa8wt1aozCY8H/Csj+RfK1YMjEbytMPs1rNoaXsQLRR8ZQLFc/b8mih/hB0HYkr26msIBG6S5LeoKxIG7nvS5TwID"
    "AQABAoICADK4MtIsc++xA3Qm2p5zcndHGTTs3nh6wIzQ9PAm6QM/WLRa6/OFYrklacWKbSp4LYegfxdOuisq3VZ+gVPO"
    "NcrKkuk6kkmCbzq34+ls5+UV1vh0PErNG037AUklhzULEt0XhzRTwnpsNd/FtdUt4UDhDOCj3vKqFpiamzd4eSked3dp"
    "2/pTGePhSLMfvYvNdYE/jrEqydx016dWiU0WE/OBMp9vJS3mr4dRIEb0NL3L4IhzUZv6UViPH4YTFiCTrif0Gfwnc0mN"
    "KkwIihMvyJg7pveWscgU7DTH9WDLswn9N9zZSKDjvyDc3jrHNqwS54suNzyqhteDuYGq9Broxsv5Y+9gnT7g778SjwvW"
    "WEkOKE3wvbXxQP4Zy2rtFWdjvdb6XhXRaI3dXcaRaSRgYY4fCmmM8AA+dsvihvknmojCROnAhqpFgI+akY7iEjGlXZus"
    "v83d3hE6IE8ffXdbYrz/f7M0JuApbTHBNs2J/Alnk9zLgpwAHtADTR2vFPupLJAZyvVFd2TGffp2N+nRRkfd7Tid5qDm"
    "1+Gz9U7PrPgSY0sCNZ1THEWkDZZwxDjKCRAovaafQotsX1EamWeVY/92vpURPfoyNu3VkfTGUCC3cAFt17hVgs+OJIU7"
    "Sg/DVGF+9i0lbu3++QgpWzTbDrkSpLRUFGxuz5ozIP9UmNfBAoIBAQDa2Kdhn0/vtrnopZkilq5FNQmzIkI52kpagHFG"
    "pf+fXKIkOid3Et5yJpFMpvMz1aKTA8bzA0245TP+NKH21j61bwcfb++jSQfbFHqDVUru2ARJa9vGo6AVQipt1prmYvp/"
    "gC/et36Y+Oz6bbAlOTDTwbnykbDhofENQU99pyPzXq8QEjdDaExnDeo+Y4v216DupIX9+gBDPkmU5k0Qe33D+qqevhGr"
    "j51pW2V+NyYLMbFLtnw1fkujgzAW5/D+db56UVemMRFAq2YqVGk2zEBL5B7dzUgu2Iai9vF9Svd3qwu8zrcQY7DoON3w"
    "c3lwfPtNXOVeinYlgAxb6WSXo4yPAoIBAQDBgH34p8aVywiT3Gct4+ylBXpNvYDj81+ApcR2yXbc+lijLAfHacoLrp7o"
    "1H7ysepe6XfYaQgQa2j2ljI4KS3jHC1A5+RVQUgfCuV8L8oy1sRvdxSG5leo8sFeuW206IznEd1JOIpFKx92Q/7KBtur"
    "4wiAIKqlF3TUJZSV6MWMfgi45gn2uPzFYQFZswkzKTjlXzTmOF2tRxmiz6YKYrms6+D3fJJowaDhkrMbw9bnvlSq2UP5"
    "I1kiiFxEd8JuUMHCIBmMpSlZh2oW5CWCO/XC5YBHG0zQAKRjhGv28TGlnTeijeHq4oCYpYV53b1PN5ELuV6p40OSQh45"
    "KYraV+dBAoIBAQDHhMBNIzZ4gGnLrbYIL8Hf/LPEKhagseAZ1IHxfAOp4YU9a/tw9rXw8jKD5K1Tc5DNYaMvCLMCP4yA"
    "VLHY3Yi8VuXyhlW+0yUjWe877zXqvOxjl779wU2ANBuEmiQMqO5h8ZczAK2df0xmIDx4I0Tduf/yI1tUyhR/Fi0HjKsd"
    "BRSrnT/e56bISYpmqNEBEaN6DmrOmu9EXvQsmS5nOX72foCxSu3HMJ69YAMO5+56RCq0sUFab7M79q2QJJO1Gdm3oJM9"
    "Q/zLrbfuHZjyyZJQ3kA5zR7i/qr4xhRyOzeUVU/VKc0CVzEA9l95CX4MzRU7edbvs2J1W+Fopkb8bLIHAoIBAQC3Q/EL"
    "Livg9xi6ocZ/Kh2Y9aUuN8r5GilbeKSoNIsFI34LnMoJTeJ0SgBrV8acKXFmTwyYxHFEy9XvpbUOh8HUFX2uuXICZP/f"
    "lrxecAy7Nbl6MHgag9KGStRl2I1VB+NbfgntLUWX2Q3FPwTzZqdrFm2YnFfCYILf4m/lwz5Gn5+3LvhE2lNcxVE4GV8f"
    "O22NoCxD1yKx2GMpVi1WLMbaRdUd0LgBy1GKExzbsRG7DwK1hWzha18iW6+3kQ1u2cGJEEnicRLGnoAWCiKURCGxYxep"
    "QOvxHIqVTnfKvAlfZ5WnuWU8xyUwbaQLFb4UZvZS+k/z6zC2NzTUwsmlnheBAoIBAQCVQA5MoTEMwPoZNi84dshfyoqu"
    "mLbnMa3NjpEH/x6MmOkA06pkOzsZCE+31G3BWKZD7pLIBfbVbOTqiKGLji0BCYGGzczVc/O/SBCVMWuKjW3lqzAJQu1R"
    "LDjOIyV4+XUyzTHGONAMiu4bt5ykRfPXfu3yWi2D1x1Lce/UQrXZJIMPF63+QE45WJ8MLNNlSJjiWNEsWPBNA72dehMi"
    "WdPLg71E/83xdDaPVyaaIgrwFt/cFWF+3fN832eRz/26HQpbo4xv0uQnElbsrykzwIMwBpxlNFEOplgSvRQgU8MT1nb7"
    "kw4CCcfWVNeiqW27m+9OubP1crgJMuRWeuJJwXHi";

crypto::PrivateKey read(const char* base64) {
  return *crypto::PrivateKey::from_pkcs8(*from_base64(base64, Base64::kStandard));
}

}  // namespace

const crypto::PrivateKey& ark_key(unsigned bits) {
  static const crypto::PrivateKey kSmall = read(kArk2048);
  static const crypto::PrivateKey kLarge = read(kArk4096);
  return bits == 2048 ? kSmall : kLarge;
}

const crypto::PrivateKey& ask_key(unsigned bits) {
  static const crypto::PrivateKey kSmall = read(kAsk2048);
  static const crypto::PrivateKey kLarge = read(kAsk4096);
  return bits == 2048 ? kSmall : kLarge;
}

}  // namespace ward::sev::made
